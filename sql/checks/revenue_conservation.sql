-- Offending rows: impressions whose revenue, attributed and not, is not the sum over their distinct
-- admitted conversions. Reads `gold_slice` and `distinct_events`. Parameter: row_limit.
WITH gold_money AS (
    SELECT
        impression_id,
        sum(revenue + revenue_out_of_window) AS gold_revenue
    FROM gold_slice
    GROUP BY impression_id
),

conversion_money AS (
    SELECT
        impression_id,
        sum(CAST(micros AS DECIMAL(38, 0))) FILTER (WHERE type_rank = 2) * 0.000001
            AS conversion_revenue
    FROM distinct_events
    GROUP BY impression_id
)

SELECT
    coalesce(gold_money.impression_id, conversion_money.impression_id) AS impression_id,
    coalesce(gold_money.gold_revenue, 0) AS gold_revenue,
    coalesce(conversion_money.conversion_revenue, 0) AS conversion_revenue
FROM gold_money
FULL OUTER JOIN conversion_money ON gold_money.impression_id = conversion_money.impression_id
WHERE coalesce(gold_money.gold_revenue, 0) <> coalesce(conversion_money.conversion_revenue, 0)
ORDER BY impression_id ASC
LIMIT :row_limit
