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
-- relation delay_steps
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

-- How long ago an hour ended, of whatever campaign: few ages, however many campaigns.
cells AS (
    SELECT DISTINCT
        cell_at,
        cell_at + INTERVAL '3599.999' SECOND AS newest_at
    FROM campaign_cells
),

aged_cells AS (
    SELECT
        cells.cell_at,
        cells.newest_at <= observation.mature_until AS is_mature,
        date_diff('millisecond', cells.newest_at, observation.as_of) AS age_ms
    FROM cells
    CROSS JOIN observation
),

arrived AS (
    SELECT
        aged_cells.cell_at,
        sum(delay_steps.conversions) AS conversions
    FROM aged_cells
    INNER JOIN delay_steps ON aged_cells.age_ms >= delay_steps.delay_ms
    GROUP BY aged_cells.cell_at
),

campaign_totals AS (
    SELECT
        campaign_cells.campaign_id,
        sum(campaign_cells.impressions) AS impressions,
        sum(campaign_cells.spend) AS spend,
        bool_and(aged_cells.is_mature) AS is_mature,
        sum(CAST(campaign_cells.impressions AS decimal(38, 0)) * coalesce(arrived.conversions, 0))
            AS arrived_conversions
    FROM campaign_cells
    INNER JOIN aged_cells ON campaign_cells.cell_at = aged_cells.cell_at
    LEFT JOIN arrived ON campaign_cells.cell_at = arrived.cell_at
    GROUP BY campaign_cells.campaign_id
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
),

curve_totals AS (
    SELECT max(all_conversions) AS conversions
    FROM delay_steps
)

SELECT
    top_campaigns.campaign_id,
    top_campaigns.impressions,
    CAST(top_campaigns.arrived_conversions AS decimal(38, 9))
    / nullif(curve_totals.conversions * top_campaigns.impressions, 0) AS maturity,
    top_campaigns.is_mature,
    top_campaigns.campaigns
FROM top_campaigns
CROSS JOIN curve_totals
ORDER BY top_campaigns.place
