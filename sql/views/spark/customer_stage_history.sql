-- gold.customer_stage_history: the stages of each customer, with what led there.
-- grain: one row per user_id and entered_at
-- readers: the history of a customer
-- left_at is NULL for the present stage. Counts and rate are those when it was entered. A late event rewrites it.
WITH entries AS (
    SELECT
        user_id,
        explode(stage_history) AS entry
    FROM lakehouse.gold.customer_360
)

SELECT
    user_id,
    entry.entered_at,
    entry.stage,
    entry.left_at,
    entry.order_count,
    entry.lifetime_value,
    entry.engagement_rate
FROM entries
