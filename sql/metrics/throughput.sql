-- throughput: events per second that reached Gold.
-- question: How many events per second does the stream process?
-- grain: one row
-- date basis: time of the batch's last commit to Gold
-- readers: dashboard (operations)
-- param minutes integer = 1: batches committed in the last so many minutes
WITH main_snapshots AS (
    SELECT DISTINCT snapshot_id
    FROM gold."ad_performance_state$history"
    WHERE is_current_ancestor
),

-- Compaction carries no stamp; staged and rolled back snapshots are not on main.
stamped_commits AS (
    SELECT
        committed_at,
        CAST(element_at(summary, 'adlake.batch-id') AS bigint) AS batch_id,
        CAST(element_at(summary, 'adlake.batch-started-ms') AS bigint) AS started_ms,
        CAST(element_at(summary, 'adlake.batch-rows') AS bigint) AS events,
        CAST(element_at(summary, 'adlake.batch-rejected') AS bigint) AS rejected
    FROM gold."ad_performance_state$snapshots"
    WHERE
        element_at(summary, 'adlake.batch-id') IS NOT NULL
        AND snapshot_id IN (SELECT main_snapshots.snapshot_id FROM main_snapshots)
),

-- A batch appends and merges: several commits with one stamp, shown to readers together.
batch_stamps AS (
    SELECT
        batch_id,
        started_ms,
        max(committed_at) AS committed_at,
        max(events) AS events,
        max(rejected) AS rejected
    FROM stamped_commits
    GROUP BY batch_id, started_ms
),

time_windows AS (
    SELECT CAST(:minutes AS integer) AS minutes
),

totals AS (
    SELECT
        time_windows.minutes,
        count(batch_stamps.committed_at) AS batches,
        coalesce(sum(batch_stamps.events), 0) AS events,
        coalesce(sum(batch_stamps.rejected), 0) AS rejected,
        max(CAST(to_unixtime(batch_stamps.committed_at) * 1000 AS bigint) - batch_stamps.started_ms)
            AS slowest_batch_ms
    FROM time_windows
    LEFT JOIN batch_stamps
        ON batch_stamps.committed_at >= date_add('minute', -time_windows.minutes, current_timestamp)
    GROUP BY time_windows.minutes
)

SELECT
    batches,
    events,
    rejected,
    CAST(events AS decimal(18, 3)) / nullif(60 * minutes, 0) AS events_per_second,
    CAST(slowest_batch_ms AS decimal(18, 3)) / 1000 AS slowest_batch_seconds
FROM totals
