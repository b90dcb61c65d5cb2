-- gold.campaign_metrics_rolling_1h: each campaign over the hour that ends with a window, with its rates.
-- grain: one row per campaign and end of a window in which something happened
-- readers: analysts
-- The twelve windows up to that end, also those in which nothing happened.
-- include kpi_sums
-- include kpi_rates
WITH ends AS (
    SELECT DISTINCT
        campaign_id,
        window_end
    FROM lakehouse.gold.campaign_funnel_5m
),

windows AS (
    SELECT
        ends.campaign_id,
        ends.window_end,
        parts.impressions,
        parts.clicks,
        parts.conversions,
        parts.attributed_conversions,
        parts.signups,
        parts.activations,
        parts.shares,
        parts.completions,
        parts.total_cost,
        parts.revenue,
        parts.late_events
    FROM ends
    INNER JOIN lakehouse.gold.campaign_funnel_5m AS parts
        ON
            ends.campaign_id = parts.campaign_id
            AND ends.window_end >= parts.window_end
            AND ends.window_end < parts.window_end + INTERVAL '1' HOUR
),

sums AS (
    SELECT
        campaign_id,
        window_end,
        :kpi_sums
    FROM windows
    GROUP BY campaign_id, window_end
)

SELECT
    sums.*,
    :kpi_rates
FROM sums
