-- gold.campaign_metrics_daily: each campaign and channel by day, with its rates.
-- grain: one row per campaign, channel and day (UTC) in which something happened
-- readers: analysts, API
-- include kpi_sums
-- include kpi_rates
WITH sums AS (
    SELECT
        campaign_id,
        channel,
        CAST(window_start AS DATE) AS day,
        :kpi_sums
    FROM lakehouse.gold.campaign_funnel_5m
    GROUP BY campaign_id, channel, CAST(window_start AS DATE)
)

SELECT
    sums.*,
    :kpi_rates
FROM sums
