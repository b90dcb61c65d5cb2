-- gold.campaign_metrics_by_hour_of_day: at which hours of the day (UTC) a campaign does how well.
-- grain: one row per campaign, channel and hour of the day, 0 to 23
-- readers: analysts
-- include kpi_sums
-- include kpi_rates
WITH sums AS (
    SELECT
        campaign_id,
        channel,
        CAST(extract(HOUR FROM window_start) AS INTEGER) AS hour_of_day,
        :kpi_sums
    FROM lakehouse.gold.campaign_funnel_5m
    GROUP BY campaign_id, channel, extract(HOUR FROM window_start)
)

SELECT
    sums.*,
    :kpi_rates
FROM sums
