-- next_offsets: the first offset of each partition that Gold does not contain yet.
-- question: How far has Gold read each partition?
-- grain: one row per partition in the newest stamp
-- date basis: time of the newest stamped commit to Gold
-- readers: dashboard (operations: lag = end offset in Kafka minus next_offset)
WITH main_snapshots AS (
    SELECT DISTINCT snapshot_id
    FROM gold."ad_performance_state$history"
    WHERE is_current_ancestor
),

newest_stamp AS (
    SELECT
        committed_at,
        summary,
        CAST(json_parse(element_at(summary, 'adlake.next-offsets')) AS MAP (varchar, bigint)) AS next_offsets
    FROM gold."ad_performance_state$snapshots"
    WHERE
        element_at(summary, 'adlake.next-offsets') IS NOT NULL
        AND snapshot_id IN (SELECT main_snapshots.snapshot_id FROM main_snapshots)
    ORDER BY committed_at DESC
    LIMIT 1
)

SELECT
    element_at(newest_stamp.summary, 'adlake.topic') AS kafka_topic,
    element_at(newest_stamp.summary, 'adlake.topic-id') AS topic_id,
    CAST(offsets.partition_text AS integer) AS kafka_partition,
    offsets.next_offset,
    newest_stamp.committed_at
FROM newest_stamp
CROSS JOIN UNNEST(newest_stamp.next_offsets) AS offsets (partition_text, next_offset)
ORDER BY kafka_partition
