-- freshness: how old events are when Trino can see them, and how long ago the last commit was.
-- question: How many seconds pass between an event and its Gold row?
-- grain: one row
-- date basis: time of the batch's last commit to Gold
-- readers: dashboard (operations), alerts
-- param minutes integer = 10: batches committed in the last so many minutes
-- relation first_batch
-- p50, p95, p99: the worst batch's percentile, an upper bound of the percentile over all events.
-- Events dated before the lake's first batch are left out: they were published with an old time and did not wait.
-- seconds_since_commit uses commit times only, so an event stamped in the future cannot hide a stall.
WITH main_snapshots AS (
    SELECT DISTINCT snapshot_id
    FROM gold."ad_performance_state$history"
    WHERE is_current_ancestor
),

time_windows AS (
    SELECT date_add('minute', -CAST(:minutes AS integer), current_timestamp) AS recent_from
),

stamped_commits AS (
    SELECT
        snapshots.committed_at,
        CAST(to_unixtime(snapshots.committed_at) * 1000 AS bigint) AS committed_ms,
        CAST(element_at(snapshots.summary, 'adlake.ingest-ms-p50') AS bigint) AS ingest_ms_p50,
        CAST(element_at(snapshots.summary, 'adlake.ingest-ms-p05') AS bigint) AS ingest_ms_p05,
        CAST(element_at(snapshots.summary, 'adlake.ingest-ms-p01') AS bigint) AS ingest_ms_p01,
        snapshots.committed_at >= time_windows.recent_from AS is_recent,
        first_batch.began_ms
    FROM gold."ad_performance_state$snapshots" AS snapshots
    CROSS JOIN time_windows
    CROSS JOIN first_batch
    WHERE
        element_at(snapshots.summary, 'adlake.batch-id') IS NOT NULL
        AND snapshots.snapshot_id IN (SELECT main_snapshots.snapshot_id FROM main_snapshots)
),

worst_batches AS (
    SELECT
        max(committed_at) AS last_commit_at,
        max(committed_ms - ingest_ms_p50) FILTER (WHERE is_recent AND ingest_ms_p50 >= began_ms) AS p50_ms,
        max(committed_ms - ingest_ms_p05) FILTER (WHERE is_recent AND ingest_ms_p05 >= began_ms) AS p95_ms,
        max(committed_ms - ingest_ms_p01) FILTER (WHERE is_recent AND ingest_ms_p01 >= began_ms) AS p99_ms
    FROM stamped_commits
)

SELECT
    greatest(0, CAST(p50_ms AS decimal(18, 3)) / 1000) AS freshness_seconds_p50,
    greatest(0, CAST(p95_ms AS decimal(18, 3)) / 1000) AS freshness_seconds_p95,
    greatest(0, CAST(p99_ms AS decimal(18, 3)) / 1000) AS freshness_seconds_p99,
    greatest(
        0, CAST(date_diff('millisecond', last_commit_at, current_timestamp) AS decimal(18, 3)) / 1000
    ) AS seconds_since_commit,
    last_commit_at
FROM worst_batches
