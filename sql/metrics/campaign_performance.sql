-- campaign_performance: delivery, spend and return of every campaign.
-- question: Which campaigns earn more than they spend?
-- grain: one row per campaign_id, largest spend first
-- date basis: impression time; the last 7 days are provisional
-- readers: dashboard (campaigns), analysts
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
WITH campaign_totals AS (
    SELECT
        campaign_id,
        count(*) AS impressions,
        count_if(is_clicked) AS clicked_impressions,
        count_if(is_converted) AS converted_impressions,
        coalesce(sum(cost), 0) AS spend,
        coalesce(sum(revenue), 0) AS revenue
    FROM gold.ad_performance_state
    WHERE
        impression_time IS NOT NULL
        AND impression_time >= coalesce(CAST(? AS timestamp(6) with time zone), TIMESTAMP '1970-01-01 00:00:00 UTC')
        AND impression_time < coalesce(CAST(? AS timestamp(6) with time zone), TIMESTAMP '9999-12-31 00:00:00 UTC')
    GROUP BY campaign_id
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
    campaign_totals.campaign_id,
    current_names.campaign_name,
    current_names.channel,
    campaign_totals.impressions,
    campaign_totals.clicked_impressions,
    campaign_totals.converted_impressions,
    campaign_totals.spend,
    campaign_totals.revenue,
    CAST(campaign_totals.clicked_impressions AS decimal(38, 9)) / nullif(campaign_totals.impressions, 0) AS ctr,
    CAST(campaign_totals.converted_impressions AS decimal(38, 9))
    / nullif(campaign_totals.clicked_impressions, 0) AS cvr,
    CAST(campaign_totals.revenue AS decimal(38, 9)) / nullif(campaign_totals.spend, 0) AS roas
FROM campaign_totals
LEFT JOIN current_names ON campaign_totals.campaign_id = current_names.campaign_id
ORDER BY campaign_totals.spend DESC, campaign_totals.campaign_id ASC
