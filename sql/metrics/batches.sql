-- batches: what each batch of the attribution stream did, newest first.
-- question: How big, how fast and how fresh is each batch?
-- grain: one row per batch that reached Gold; batches says how many there are in all
-- date basis: time of the batch's last commit to Gold
-- readers: dashboard (operations)
-- param minutes integer = 60: batches committed in the last so many minutes
-- param most integer = NULL: the newest so many batches; NULL: all
-- events_per_second: events divided by the seconds since the previous batch was committed.
-- relation first_batch
-- freshness: commit time minus the Kafka time of the batch's events (p95: 95 % are at least as fresh). NULL where that
-- time is before the lake's first batch: the events were published with an old time and did not wait.
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
        CAST(element_at(summary, 'adlake.batch-rejected') AS bigint) AS rejected,
        CAST(element_at(summary, 'adlake.ingest-ms-p50') AS bigint) AS ingest_ms_p50,
        CAST(element_at(summary, 'adlake.ingest-ms-p05') AS bigint) AS ingest_ms_p05,
        CAST(element_at(summary, 'adlake.ingest-ms-p01') AS bigint) AS ingest_ms_p01
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
        CAST(to_unixtime(max(committed_at)) * 1000 AS bigint) AS committed_ms,
        max(events) AS events,
        max(rejected) AS rejected,
        max(ingest_ms_p50) AS ingest_ms_p50,
        max(ingest_ms_p05) AS ingest_ms_p05,
        max(ingest_ms_p01) AS ingest_ms_p01
    FROM stamped_commits
    GROUP BY batch_id, started_ms
),

timed_batches AS (
    SELECT
        *,
        committed_ms - lag(committed_ms) OVER (ORDER BY committed_ms) AS interval_ms
    FROM batch_stamps
),

recent_batches AS (
    SELECT
        *,
        row_number() OVER (ORDER BY committed_at DESC, batch_id DESC) AS place,
        count(*) OVER () AS batches
    FROM timed_batches
    WHERE committed_at >= date_add('minute', -CAST(:minutes AS integer), current_timestamp)
),

-- What was published with an old time has no age.
waited_batches AS (
    SELECT
        recent_batches.*,
        if(recent_batches.ingest_ms_p50 >= first_batch.began_ms, recent_batches.ingest_ms_p50) AS waited_since_p50,
        if(recent_batches.ingest_ms_p05 >= first_batch.began_ms, recent_batches.ingest_ms_p05) AS waited_since_p05,
        if(recent_batches.ingest_ms_p01 >= first_batch.began_ms, recent_batches.ingest_ms_p01) AS waited_since_p01
    FROM recent_batches
    CROSS JOIN first_batch
)

SELECT
    committed_at,
    batch_id,
    events,
    rejected,
    CAST(committed_ms - started_ms AS decimal(18, 3)) / 1000 AS batch_seconds,
    CAST(events AS decimal(18, 3)) * 1000 / nullif(interval_ms, 0) AS events_per_second,
    greatest(0, CAST(committed_ms - waited_since_p50 AS decimal(18, 3)) / 1000) AS freshness_seconds_p50,
    greatest(0, CAST(committed_ms - waited_since_p05 AS decimal(18, 3)) / 1000) AS freshness_seconds_p95,
    greatest(0, CAST(committed_ms - waited_since_p01 AS decimal(18, 3)) / 1000) AS freshness_seconds_p99,
    batches
FROM waited_batches
WHERE place <= coalesce(CAST(:most AS bigint), place)
ORDER BY place
