-- What the events of each customer come to at each moment at which one happened.
-- Grain: one row per user_id and event_time.
-- Reads a relation `customer_events`.
-- A status of a message holds from its own time until the next one of that message: it is added at the one and
-- taken away at the other, and a running sum of both is what holds.
WITH spans AS (
    SELECT
        user_id,
        event_type,
        event_time,
        amount,
        status,
        IF(event_type = 'MESSAGE_STATUS', lead(event_time) OVER (
            PARTITION BY user_id, event_type, activation_id ORDER BY event_time ASC, counted_id ASC
        )) AS holds_until
    FROM customer_events
    WHERE is_counted
),

-- What is added (1) or taken away (-1), and when.
steps AS (
    SELECT
        spans.user_id,
        step.moment,
        step.sign * IF(spans.event_type = 'ORDER', 1, 0) AS orders,
        IF(spans.event_type = 'ORDER', spans.amount, DECIMAL '0.000000') AS amount,
        step.sign * IF(spans.status = 'DELIVERED', 1, 0) AS delivered,
        step.sign * IF(spans.event_type = 'MESSAGE_STATUS', 1, 0) AS messages
    FROM spans
    CROSS JOIN UNNEST(ARRAY[ROW(spans.event_time, 1), ROW(spans.holds_until, -1)]) AS step (moment, sign)
    WHERE step.moment IS NOT NULL
),

sums AS (
    SELECT
        user_id,
        moment,
        sum(orders) AS orders,
        sum(CAST(amount AS DECIMAL(38, 6))) AS amount,
        sum(delivered) AS delivered,
        sum(messages) AS messages
    FROM steps
    GROUP BY user_id, moment
)

SELECT
    user_id,
    moment AS event_time,
    sum(orders) OVER so_far AS order_count,
    sum(amount) OVER so_far AS lifetime_value,
    sum(delivered) OVER so_far AS delivered_count,
    sum(messages) OVER so_far AS activation_count
FROM sums
WINDOW so_far AS (PARTITION BY user_id ORDER BY moment ASC)
