-- customer_history: the stages of one customer, the first one first.
-- question: How did this customer come to where it stands?
-- grain: one row per stage that was entered
-- date basis: entered_at: when the event happened that led there
-- readers: API
-- param user_id varchar = NULL: the customer; NULL: nobody
-- left_at NULL: the present stage. Counts and rate are those at entry.
SELECT
    entered_at,
    stage,
    left_at,
    order_count,
    lifetime_value,
    engagement_rate
FROM gold.customer_stage_history
WHERE user_id = CAST(:user_id AS varchar)
ORDER BY entered_at
