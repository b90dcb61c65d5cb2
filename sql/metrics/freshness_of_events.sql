-- freshness_of_events: how old each event was when Trino could see it in Gold, as percentiles over all events.
-- question: How many seconds pass between an event and its Gold row, event by event?
-- grain: one row
-- date basis: time of the batch's last commit to Gold
-- readers: analysts, operations
-- param minutes integer = 10: batches committed in the last so many minutes
-- relation first_batch
-- Commit time minus Kafka time of every admitted delivery of those batches. A percentile is the smallest age
-- that so many percent of the events do not exceed; nothing is estimated.
-- Events that wait are in no batch yet: read seconds_since_commit of freshness beside it, which also gives an
-- upper bound of the percentiles without reading Bronze.
-- Events dated before the lake's first batch are left out: they were published with an old time and did not wait.
-- The oldest batch that Iceberg still lists is left out: where it began is not known.
WITH main_snapshots AS (
    SELECT DISTINCT snapshot_id
    FROM gold."ad_performance_state$history"
    WHERE is_current_ancestor
),

-- Compaction carries no stamp; staged and rolled back snapshots are not on main.
stamped_commits AS (
    SELECT
        committed_at,
        element_at(summary, 'adlake.topic') AS kafka_topic,
        element_at(summary, 'adlake.batch-id') AS batch_id,
        element_at(summary, 'adlake.batch-started-ms') AS started_ms,
        element_at(summary, 'adlake.next-offsets') AS next_offsets
    FROM gold."ad_performance_state$snapshots"
    WHERE
        element_at(summary, 'adlake.batch-id') IS NOT NULL
        AND snapshot_id IN (SELECT main_snapshots.snapshot_id FROM main_snapshots)
),

-- A batch appends and merges: several commits with one stamp, shown to readers together.
batch_stamps AS (
    SELECT
        kafka_topic,
        max(committed_at) AS committed_at,
        CAST(json_parse(max(next_offsets)) AS MAP (varchar, bigint)) AS next_offsets
    FROM stamped_commits
    GROUP BY kafka_topic, batch_id, started_ms
),

placed_batches AS (
    SELECT
        *,
        lag(next_offsets) OVER (PARTITION BY kafka_topic ORDER BY committed_at ASC) AS first_offsets
    FROM batch_stamps
),

recent_batches AS (
    SELECT *
    FROM placed_batches
    WHERE
        first_offsets IS NOT NULL
        AND committed_at >= date_add('minute', -CAST(:minutes AS integer), current_timestamp)
),

batch_ranges AS (
    SELECT
        batches.kafka_topic,
        CAST(offsets.partition_text AS integer) AS kafka_partition,
        coalesce(element_at(batches.first_offsets, offsets.partition_text), 0) AS first_offset,
        offsets.next_offset,
        CAST(to_unixtime(batches.committed_at) * 1000 AS bigint) AS committed_ms
    FROM recent_batches AS batches
    CROSS JOIN UNNEST(batches.next_offsets) AS offsets (partition_text, next_offset)
),

delivery_ages AS (
    SELECT greatest(0, ranges.committed_ms - CAST(to_unixtime(deliveries.ingest_ts) * 1000 AS bigint)) AS age_ms
    FROM bronze.ad_events AS deliveries
    INNER JOIN batch_ranges AS ranges
        ON
            deliveries.kafka_topic = ranges.kafka_topic
            AND deliveries.kafka_partition = ranges.kafka_partition
            AND deliveries.kafka_offset >= ranges.first_offset
            AND deliveries.kafka_offset < ranges.next_offset
    CROSS JOIN first_batch
    WHERE
        deliveries.reject_reason IS NULL
        AND CAST(to_unixtime(deliveries.ingest_ts) * 1000 AS bigint) >= first_batch.began_ms
),

-- As many rows as there are different ages: few, whatever the number of events.
ages AS (
    SELECT
        age_ms,
        count(*) AS events
    FROM delivery_ages
    GROUP BY age_ms
),

placed_ages AS (
    SELECT
        age_ms,
        sum(events) OVER (ORDER BY age_ms ASC) AS events_up_to,
        sum(events) OVER () AS all_events
    FROM ages
),

percentiles AS (
    SELECT
        coalesce(max(all_events), 0) AS events,
        min(age_ms) FILTER (WHERE events_up_to * 100 >= all_events * 50) AS p50_ms,
        min(age_ms) FILTER (WHERE events_up_to * 100 >= all_events * 95) AS p95_ms,
        min(age_ms) FILTER (WHERE events_up_to * 100 >= all_events * 99) AS p99_ms,
        max(age_ms) AS longest_ms
    FROM placed_ages
)

SELECT
    events,
    CAST(p50_ms AS decimal(18, 3)) / 1000 AS freshness_seconds_p50,
    CAST(p95_ms AS decimal(18, 3)) / 1000 AS freshness_seconds_p95,
    CAST(p99_ms AS decimal(18, 3)) / 1000 AS freshness_seconds_p99,
    CAST(longest_ms AS decimal(18, 3)) / 1000 AS freshness_seconds_max
FROM percentiles
