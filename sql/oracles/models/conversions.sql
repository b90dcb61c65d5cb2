-- Every attributed conversion, with the beginning of its lookback.
-- Grain: one row per impression_id that converted; it names the conversion and its own touch.
-- Reads a relation `gold_rows` with the columns of the law: Gold, or what the law gives.
-- Parameters: attribution_window_ms, an expression over ts_ms; timestamp_utc (the engine's type name).
WITH timed_conversions AS (
    SELECT
        impression_id,
        coalesce('user ' || user_id, 'impression ' || impression_id) AS visitor_key,
        date_diff(
            'millisecond', CAST('1970-01-01 00:00:00+00:00' AS :timestamp_utc), conversion_time
        ) AS ts_ms,
        CAST(CAST(revenue AS DECIMAL(38, 6)) * 1000000 AS DECIMAL(38, 0)) AS micros
    FROM gold_rows
    WHERE is_converted
)

SELECT
    impression_id,
    visitor_key,
    ts_ms,
    ts_ms - :attribution_window_ms AS lookback_begin_ms,
    micros
FROM timed_conversions
