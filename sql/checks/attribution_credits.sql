-- Offending rows: in gold.attribution_credits but not what the SQL form of the models gives, or the other way round.
-- Reads a relation `credits`, once. Parameters: table_snapshot, timestamp_utc, row_limit.
WITH stored AS (
    SELECT *
    FROM lakehouse.gold.attribution_credits FOR VERSION AS OF :table_snapshot
),

expected AS (
    SELECT
        conversion_id,
        impression_id,
        user_id,
        campaign_id,
        creative_id,
        CAST(from_unixtime_nanos(CAST(conversion_ms AS DECIMAL(38, 0)) * 1000000) AS :timestamp_utc) AS converted_at,
        CAST(from_unixtime_nanos(CAST(at_ms AS DECIMAL(38, 0)) * 1000000) AS :timestamp_utc) AS touched_at,
        place,
        places,
        micros AS value_micros,
        max(CASE WHEN model = 'last' THEN credit_micros END) AS last_micros,
        max(CASE WHEN model = 'first' THEN credit_micros END) AS first_micros,
        max(CASE WHEN model = 'linear' THEN credit_micros END) AS linear_micros,
        max(CASE WHEN model = 'position' THEN credit_micros END) AS position_micros,
        max(CASE WHEN model = 'time_decay' THEN credit_micros END) AS time_decay_micros,
        max(CASE WHEN model = 'markov' THEN credit_micros END) AS markov_micros,
        max(CASE WHEN model = 'shapley' THEN credit_micros END) AS shapley_micros
    FROM credits
    GROUP BY
        conversion_id, impression_id, user_id, campaign_id, creative_id, conversion_ms, at_ms, place, places, micros
),

both_sides AS (
    SELECT
        'stored' AS side,
        *
    FROM stored
    UNION ALL
    SELECT
        'expected' AS side,
        *
    FROM expected
),

-- Counted and not subtracted, so that neither side is computed twice.
compared AS (
    SELECT
        conversion_id,
        impression_id,
        user_id,
        campaign_id,
        creative_id,
        converted_at,
        touched_at,
        place,
        places,
        value_micros,
        last_micros,
        first_micros,
        linear_micros,
        position_micros,
        time_decay_micros,
        markov_micros,
        shapley_micros,
        count_if(side = 'stored') AS stored_copies,
        count_if(side = 'expected') AS expected_copies
    FROM both_sides
    GROUP BY
        conversion_id, impression_id, user_id, campaign_id, creative_id, converted_at, touched_at, place, places,
        value_micros, last_micros, first_micros, linear_micros, position_micros, time_decay_micros, markov_micros,
        shapley_micros
)

SELECT *
FROM compared
WHERE stored_copies <> expected_copies
ORDER BY conversion_id ASC, impression_id ASC, stored_copies ASC
LIMIT :row_limit
