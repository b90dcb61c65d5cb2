-- first_batch: when the first batch of the lake was committed, in milliseconds; a relation of one row.
-- What Kafka dates before that was published with an old time (a simulated past, a backfill): it did not wait here.
-- Iceberg forgets old snapshots, the batch counts do not; of a lake whose batches are not counted yet it has all.
WITH commits AS (
    SELECT min(committed_at) AS committed_at
    FROM audit.completeness_ledger
    UNION ALL
    SELECT min(committed_at) AS committed_at
    FROM gold."ad_performance_state$snapshots"
)

SELECT CAST(to_unixtime(min(committed_at)) * 1000 AS BIGINT) AS began_ms
FROM commits
