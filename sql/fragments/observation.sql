-- observation: up to when the lake has seen what happened, how long a conversion may take, and which impressions were
-- observed for so long; a relation of one row.
-- parameter: cohort_days.
-- "Now" is the newest first arrival of an event in Gold, so that the answer depends on the data alone.
WITH arrivals AS (
    SELECT
        max(last_updated_ts) AS as_of,
        CAST(:cohort_days AS INTEGER) AS cohort_days
    FROM gold.ad_performance_state
),

waits AS (
    SELECT
        arrivals.as_of,
        arrivals.cohort_days,
        lookbacks.lookback_ms,
        date_add('millisecond', -lookbacks.lookback_ms, arrivals.as_of) AS cohort_until
    FROM arrivals
    LEFT JOIN audit.lookbacks
        ON
            date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00.000 UTC', arrivals.as_of) >= lookbacks.from_ms
            AND date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00.000 UTC', arrivals.as_of) < lookbacks.until_ms
)

SELECT
    as_of,
    lookback_ms,
    cohort_until,
    date_add('day', -cohort_days, cohort_until) AS cohort_from
FROM waits
