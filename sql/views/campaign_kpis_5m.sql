-- gold.campaign_kpis_5m: each campaign by windows of five minutes, with its rates.
-- grain: one row per campaign and window in which something happened
-- readers: analysts, alert rules
-- is_alert: a rule of KPI alerts fired in the window, for the campaign or a segment of it, and was not withdrawn.
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
),

rates AS (
    SELECT
        sums.*,
        :kpi_rates,
        current_timestamp >= window_end + INTERVAL '1' HOUR AS is_final
    FROM sums
),

alerts AS (
    SELECT DISTINCT
        campaign_id,
        window_start
    FROM lakehouse.gold.alerts_log
    WHERE status = 'fired'
)

SELECT
    rates.*,
    alerts.window_start IS NOT NULL AS is_alert
FROM rates
LEFT JOIN alerts
    ON
        rates.campaign_id = alerts.campaign_id
        AND rates.window_start = alerts.window_start
