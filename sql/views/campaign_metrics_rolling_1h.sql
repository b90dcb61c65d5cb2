-- gold.campaign_metrics_rolling_1h: each campaign over the hour that ends with a window, with its rates.
-- grain: one row per campaign and end of a window in which something happened
-- readers: analysts
-- The twelve windows up to that end, also those in which nothing happened.
-- include kpi_rates
WITH windows AS (
    SELECT
        campaign_id,
        window_start,
        window_end,
        sum(impressions) AS impressions,
        sum(clicks) AS clicks,
        sum(conversions) AS conversions,
        sum(attributed_conversions) AS attributed_conversions,
        sum(signups) AS signups,
        sum(activations) AS activations,
        sum(shares) AS shares,
        sum(completions) AS completions,
        sum(total_cost) AS total_cost,
        sum(revenue) AS revenue
    FROM lakehouse.gold.campaign_funnel_5m
    GROUP BY campaign_id, window_start, window_end
),

sums AS (
    SELECT
        campaign_id,
        window_end,
        CAST(sum(impressions) OVER last_hour AS BIGINT) AS impressions,
        CAST(sum(clicks) OVER last_hour AS BIGINT) AS clicks,
        CAST(sum(conversions) OVER last_hour AS BIGINT) AS conversions,
        CAST(sum(attributed_conversions) OVER last_hour AS BIGINT) AS attributed_conversions,
        CAST(sum(signups) OVER last_hour AS BIGINT) AS signups,
        CAST(sum(activations) OVER last_hour AS BIGINT) AS activations,
        CAST(sum(shares) OVER last_hour AS BIGINT) AS shares,
        CAST(sum(completions) OVER last_hour AS BIGINT) AS completions,
        CAST(sum(total_cost) OVER last_hour AS DECIMAL(38, 6)) AS total_cost,
        CAST(sum(revenue) OVER last_hour AS DECIMAL(38, 6)) AS revenue
    FROM windows
    WINDOW
        last_hour AS (
            PARTITION BY campaign_id
            ORDER BY window_start ASC
            RANGE BETWEEN INTERVAL '55' MINUTE PRECEDING AND CURRENT ROW
        )
)

SELECT
    sums.*,
    :kpi_rates
FROM sums
