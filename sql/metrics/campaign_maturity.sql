-- campaign_maturity: share of the expected conversions that have arrived, campaign by campaign.
-- question: How much of the conversions of each campaign is in already?
-- grain: one row per campaign_id, largest spend first; campaigns says how many there are in all
-- date basis: impression time
-- readers: dashboard (campaigns), analysts
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- param geo_country varchar = NULL: one country; NULL: all
-- param platform varchar = NULL: one platform; NULL: all
-- param most integer = NULL: the first so many campaigns; NULL: all
-- param cohort_days integer = 28: the delay curve is of the so many days before those that are too young
-- param fewest integer = 30: a curve of fewer conversions tells nothing
-- relation observation
-- relation conversion_delays
-- relation delay_curve
-- relation summed_impressions
-- include chosen_rows
-- As metric maturity, with a campaign in place of a bucket. The curve is that of all campaigns: few have enough
-- conversions to have one of their own.
WITH campaign_cells AS (
    SELECT
        campaign_id,
        hour_at AS cell_at,
        sum(impressions) AS impressions,
        sum(cost) AS spend
    FROM summed_impressions
    WHERE :chosen_rows
    GROUP BY campaign_id, hour_at
    HAVING sum(impressions) > 0
),

aged_cells AS (
    SELECT
        campaign_cells.*,
        date_diff('millisecond', campaign_cells.cell_at, observation.as_of) - 3599999 AS age_ms,
        observation.lookback_ms
    FROM campaign_cells
    CROSS JOIN observation
),

placed_cells AS (
    SELECT
        aged_cells.*,
        delay_curve.*,
        cardinality(filter(delay_curve.delays_ms, delay_ms -> delay_ms <= aged_cells.age_ms)) AS place
    FROM aged_cells
    LEFT JOIN delay_curve ON TRUE
),

campaign_totals AS (
    SELECT
        campaign_id,
        sum(impressions) AS impressions,
        sum(spend) AS spend,
        min(age_ms) >= min(lookback_ms) AS is_mature,
        sum(CAST(impressions AS decimal(38, 0)) * if(place > 0, element_at(arrived_conversions, place), 0))
            AS arrived_conversions,
        max(all_conversions) AS curve_conversions
    FROM placed_cells
    GROUP BY campaign_id
),

ranked_campaigns AS (
    SELECT
        *,
        row_number() OVER (ORDER BY spend DESC, campaign_id ASC) AS place,
        count(*) OVER () AS campaigns
    FROM campaign_totals
),

top_campaigns AS (
    SELECT *
    FROM ranked_campaigns
    WHERE place <= coalesce(CAST(:most AS bigint), place)
)

SELECT
    campaign_id,
    impressions,
    CAST(arrived_conversions AS decimal(38, 9)) / nullif(curve_conversions * impressions, 0) AS maturity,
    is_mature,
    campaigns
FROM top_campaigns
ORDER BY place
