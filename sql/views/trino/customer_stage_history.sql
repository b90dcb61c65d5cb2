-- gold.customer_stage_history: the stages of each customer, with what led there.
-- grain: one row per user_id and entered_at
-- readers: the history of a customer
-- left_at is NULL for the present stage. Counts and rate are those when it was entered. A late event rewrites it.
SELECT
    customers.user_id,
    entries.entered_at,
    entries.stage,
    entries.left_at,
    entries.order_count,
    entries.lifetime_value,
    entries.engagement_rate
FROM lakehouse.gold.customer_360 AS customers
CROSS JOIN
    UNNEST(customers.stage_history)
        AS entries (stage, entered_at, left_at, order_count, lifetime_value, engagement_rate)
