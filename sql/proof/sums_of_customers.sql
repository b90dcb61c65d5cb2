-- What the orders and messages of each customer come to, in the words of the generator's truth files.
-- Grain: one row per user_id. Parameter: table_snapshot. Money in integer micros.
SELECT
    user_id,
    order_count AS orders,
    CAST(lifetime_value * 1000000 AS DECIMAL(38, 0)) AS lifetime_micros,
    delivered_count AS delivered,
    failed_count AS failed
FROM lakehouse.gold.customer_360 FOR VERSION AS OF :table_snapshot
