-- observation: up to when the lake has seen what happened, and how long a conversion may take; a relation of one row.
-- "Now" is the newest first arrival of an event in Gold, so that the answer depends on the data alone.
-- mature_until: impressions up to then were observed for a whole lookback.
WITH arrivals AS (
    SELECT max(last_updated_ts) AS as_of
    FROM gold.ad_performance_state
)

SELECT
    arrivals.as_of,
    lookbacks.lookback_ms,
    arrivals.as_of - lookbacks.lookback_ms * INTERVAL '0.001' SECOND AS mature_until
FROM arrivals
LEFT JOIN audit.lookbacks
    ON
        date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00.000 UTC', arrivals.as_of) >= lookbacks.from_ms
        AND date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00.000 UTC', arrivals.as_of) < lookbacks.until_ms
