-- observation: up to when the lake has seen what happened, and how long a conversion may take; a relation of one row.
-- "Now" is the newest first arrival of an event in Gold, so that the answer depends on the data alone.
-- Read off the bounds that Iceberg keeps of each file, which are exact for times, and not from the rows: a row that was
-- changed has no older arrival than before, so no bound is of a row that is gone and has no newer one in its place.
-- mature_until: impressions up to then were observed for a whole lookback.
WITH arrivals AS (
    SELECT
        max(
            CAST(
                from_iso8601_timestamp_nanos(json_extract_scalar(readable_metrics, '$.last_updated_ts.upper_bound'))
                AS TIMESTAMP(6) WITH TIME ZONE
            )
        ) AS as_of
    FROM gold."ad_performance_state$files"
    WHERE content = 0
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
