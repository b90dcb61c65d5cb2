-- gold.campaign_metrics_hourly: each campaign and channel by hour, with its rates.
-- grain: one row per campaign, channel and hour (UTC) in which something happened
-- readers: analysts, API
-- Always current: an event that comes late changes the hour and the day of its own time.
-- include kpi_sums
-- include kpi_rates
WITH sums AS (
    SELECT
        campaign_id,
        channel,
        date_trunc('hour', window_start) AS hour_start,
        CAST(date_trunc('hour', window_start) AS DATE) AS day,
        :kpi_sums
    FROM lakehouse.gold.campaign_funnel_5m
    GROUP BY campaign_id, channel, date_trunc('hour', window_start)
)

SELECT
    sums.*,
    :kpi_rates
FROM sums
