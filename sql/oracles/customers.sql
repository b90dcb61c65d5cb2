-- Customers from their events, by one query: what gold.customer_360 must hold.
-- Grain: one row per user_id.
-- Reads relations `customer_events` and `customer_moments`. Parameters: table_snapshot, timestamp_utc.
-- The day that customers have lapsed on is no event: it is that of the table, which must have one for all its rows.
WITH stages AS (
    SELECT
        *,
        IF(activation_count = 0, 0E0, CAST(delivered_count AS DOUBLE) / activation_count) AS engagement_rate,
        CASE
            WHEN lifetime_value > 5000 AND activation_count > 0 AND delivered_count * 10 >= activation_count * 7
                THEN 'evangelist'
            WHEN lifetime_value > 5000 THEN 'high-value'
            WHEN order_count >= 1 AND delivered_count * 2 > activation_count THEN 'engaged'
            WHEN order_count >= 1 THEN 'customer'
            ELSE 'prospect'
        END AS stage
    FROM customer_moments
),

compared AS (
    SELECT
        *,
        lag(stage) OVER (PARTITION BY user_id ORDER BY event_time ASC) AS stage_before
    FROM stages
),

entered AS (
    SELECT
        *,
        lead(event_time) OVER (PARTITION BY user_id ORDER BY event_time ASC) AS left_at,
        lag(stage) OVER (PARTITION BY user_id ORDER BY event_time ASC) AS previous_stage
    FROM compared
    WHERE stage_before IS NULL OR stage_before <> stage
),

histories AS (
    SELECT
        user_id,
        array_agg(
            ROW(stage, event_time, left_at, order_count, lifetime_value, engagement_rate)
            ORDER BY event_time ASC
        ) AS stage_history,
        max_by(stage, event_time) AS lifecycle_stage,
        max_by(previous_stage, event_time) AS previous_stage,
        max(event_time) AS stage_changed_at
    FROM entered
    GROUP BY user_id
),

-- The standing of the last moment is the present one.
present AS (
    SELECT
        user_id,
        max_by(order_count, event_time) AS order_count,
        max_by(lifetime_value, event_time) AS lifetime_value,
        max_by(delivered_count, event_time) AS delivered_count,
        max_by(activation_count, event_time) AS activation_count,
        max_by(engagement_rate, event_time) AS engagement_rate
    FROM stages
    GROUP BY user_id
),

scores AS (
    SELECT
        *,
        -- Millionths, rounded half up: 40,000 for each of ten orders, 400,000 for 5,000 units (one for each 12,500
        -- micros), 200,000 for the rate; all of it times 12,500 and the messages.
        (
            2 * (
                500000000 * least(order_count, 10) * greatest(activation_count, 1)
                + CAST(least(lifetime_value, 5000) * 1000000 AS BIGINT) * greatest(activation_count, 1)
                + 2500000000 * delivered_count
            ) + 12500 * greatest(activation_count, 1)
        ) / (2 * 12500 * greatest(activation_count, 1)) AS score
    FROM present
),

profiles AS (
    SELECT
        user_id,
        max_by(ROW(name, email_sha256, geo_country), ROW(event_time, counted_id))
        FILTER (WHERE event_type = 'CUSTOMER_PROFILE') AS latest,
        min(event_time) FILTER (WHERE event_type = 'CUSTOMER_PROFILE') AS created_at,
        min(event_time) FILTER (WHERE event_type = 'ORDER') AS first_order_time,
        max(event_time) FILTER (WHERE event_type = 'ORDER') AS last_order_time,
        max(first_ingest_ts) AS last_updated_ts
    FROM customer_events
    WHERE is_counted
    GROUP BY user_id
),

asked AS (
    SELECT max(as_of_date) AS as_of_date
    FROM lakehouse.gold.customer_360 FOR VERSION AS OF :table_snapshot
)

SELECT
    profiles.user_id,
    profiles.latest[1] AS name,
    profiles.latest[2] AS email_sha256,
    profiles.latest[3] AS geo_country,
    profiles.created_at,
    scores.order_count >= 1 AS is_active,
    scores.order_count,
    scores.lifetime_value,
    profiles.first_order_time,
    profiles.last_order_time,
    scores.delivered_count,
    scores.activation_count - scores.delivered_count AS failed_count,
    scores.activation_count,
    scores.engagement_rate,
    histories.lifecycle_stage,
    histories.previous_stage,
    histories.stage_changed_at,
    CAST(CAST(scores.score AS DECIMAL(18, 0)) * DECIMAL '0.000001' AS DECIMAL(9, 6)) AS propensity_score,
    CASE
        WHEN scores.score < 300000 THEN 'low'
        WHEN scores.score < 600000 THEN 'medium'
        ELSE 'high'
    END AS propensity_band,
    filter(
        ARRAY[
            IF(scores.order_count >= 1, 'active_customers'),
            IF(scores.lifetime_value > 5000, 'big_spenders'),
            IF(
                to_unixtime(profiles.last_order_time)
                < 86400 * (date_diff('day', DATE '1970-01-01', asked.as_of_date) - 90),
                'lapsed'
            ),
            IF(scores.score >= 600000, 'likely_buyers'),
            IF(histories.lifecycle_stage = 'prospect', 'prospects'),
            IF(scores.delivered_count * 2 > scores.activation_count, 'responsive'),
            IF(scores.activation_count >= 3 AND scores.delivered_count * 2 < scores.activation_count, 'unresponsive')
        ],
        segment -> segment IS NOT NULL
    ) AS segments,
    1 AS rule_version,
    profiles.last_updated_ts,
    asked.as_of_date,
    CAST(histories.stage_history AS ARRAY(ROW(
        stage VARCHAR,
        entered_at :timestamp_utc,
        left_at :timestamp_utc,
        order_count BIGINT,
        lifetime_value DECIMAL(38, 6),
        engagement_rate DOUBLE
    ))) AS stage_history
FROM profiles
INNER JOIN scores ON profiles.user_id = scores.user_id
INNER JOIN histories ON profiles.user_id = histories.user_id
CROSS JOIN asked
