-- gold.hourly_average_budget: the mean budget of each hour with billed clicks, weighted by time.
-- grain: one row per (advertiser_id, spend_hour)
-- readers: analysts
-- The part of an hour without a known budget is left out; NULL when it has none at all. Rounded half up. A text for
-- each engine: each has its own way to measure time.
WITH parts AS (
    SELECT
        hours.advertiser,
        hours.advertiser_id,
        hours.spend_hour,
        CAST(budgets.budget_value * 1000000 AS DECIMAL(38, 0)) AS micros,
        CAST(
            date_diff(
                'millisecond',
                greatest(budgets.start_ts, hours.window_start),
                least(budgets.end_ts, hours.window_end)
            )
            AS DECIMAL(20, 0)
        ) AS millis
    FROM lakehouse.gold.advertiser_spend_hourly AS hours
    LEFT JOIN lakehouse.dims.dim_budgets AS budgets
        ON
            hours.advertiser_id = budgets.advertiser_id
            AND hours.window_end > budgets.start_ts
            AND hours.window_start < budgets.end_ts
)

SELECT
    advertiser,
    advertiser_id,
    spend_hour,
    CAST(sum(millis * micros) / (sum(millis) * 1000000.000000) AS DECIMAL(18, 6)) AS avg_budget
FROM parts
GROUP BY advertiser, advertiser_id, spend_hour
