-- campaign_performance: delivery, spend and return of every campaign.
-- question: Which campaigns earn more than they spend?
-- grain: one row per campaign_id, largest spend first; campaigns says how many there are in all
-- date basis: impression time; the last 7 days are provisional
-- readers: dashboard (campaigns), analysts
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- param geo_country varchar = NULL: one country; NULL: all
-- param platform varchar = NULL: one platform; NULL: all
-- param most integer = NULL: the first so many campaigns; NULL: all
-- relation summed_impressions
-- include chosen_rows
WITH campaign_totals AS (
    SELECT
        campaign_id,
        sum(impressions) AS impressions,
        sum(clicked_impressions) AS clicked_impressions,
        sum(converted_impressions) AS converted_impressions,
        sum(cost) AS spend,
        sum(revenue) AS revenue
    FROM summed_impressions
    WHERE :chosen_rows
    GROUP BY campaign_id
    HAVING sum(impressions) > 0
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

-- One name each even if the dimension were broken: a join must never multiply money.
current_names AS (
    SELECT
        campaign_id,
        max_by(name, start_ts) AS campaign_name,
        max_by(channel, start_ts) AS channel
    FROM dims.dim_campaigns
    WHERE is_current
    GROUP BY campaign_id
)

SELECT
    top_campaigns.campaign_id,
    current_names.campaign_name,
    current_names.channel,
    top_campaigns.impressions,
    top_campaigns.clicked_impressions,
    top_campaigns.converted_impressions,
    top_campaigns.spend,
    top_campaigns.revenue,
    CAST(top_campaigns.clicked_impressions AS decimal(38, 9)) / nullif(top_campaigns.impressions, 0) AS ctr,
    CAST(top_campaigns.converted_impressions AS decimal(38, 9))
    / nullif(top_campaigns.clicked_impressions, 0) AS cvr,
    CAST(top_campaigns.revenue AS decimal(38, 9)) / nullif(top_campaigns.spend, 0) AS roas,
    top_campaigns.campaigns
FROM top_campaigns
LEFT JOIN current_names ON top_campaigns.campaign_id = current_names.campaign_id
ORDER BY top_campaigns.place
