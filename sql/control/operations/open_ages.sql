-- Requests that are not over by kind: how many, and the age of the oldest by the clock of the database.
SELECT
    kind,
    count(*) AS requests,
    CAST(extract(EPOCH FROM clock_timestamp() - min(requested_at)) AS DOUBLE PRECISION)
        AS oldest_seconds
FROM adlake.operations
WHERE state = 'requested'
GROUP BY kind
