-- gold.campaign_kpis_5m: each campaign by windows of five minutes, with its rates.
-- grain: one row per campaign and window in which something happened
-- readers: analysts, alert rules
-- is_final: an hour has passed since the window's end; alert rules look at it no more, late events still change it.
-- include kpi_sums
-- include kpi_rates
WITH sums AS (
    SELECT
        campaign_id,
        window_start,
        window_end,
        :kpi_sums
    FROM lakehouse.gold.campaign_funnel_5m
    GROUP BY campaign_id, window_start, window_end
)

SELECT
    sums.*,
    :kpi_rates,
    current_timestamp >= window_end + INTERVAL '1' HOUR AS is_final
FROM sums
