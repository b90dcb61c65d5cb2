-- Offending rows: places where the books of the stream do not close (docs/data-model.md), and a
-- ledger that is not written any more: then nothing else here could be seen.
-- Cheap: reads the ledger and the list of snapshots, not Bronze. Parameter: row_limit.
WITH unrecorded AS (
    SELECT
        count(*) AS batches,
        max(element_at(summary, 'adlake.topic')) AS kafka_topic,
        min(committed_at) AS committed_at
    FROM lakehouse.bronze."ad_events$snapshots"
    WHERE
        element_at(summary, 'adlake.ledger') IS NOT NULL
        AND committed_at > (
            SELECT coalesce(max(recorded.committed_at), from_unixtime(0))
            FROM lakehouse.audit.completeness_ledger AS recorded
        )
)

SELECT
    gap,
    kafka_topic,
    kafka_partition,
    first_offset,
    next_offset,
    missing,
    epoch,
    batch_id,
    committed_at
FROM lakehouse.audit.completeness_gaps
UNION ALL
SELECT
    'batches that the ledger lacks' AS gap,
    kafka_topic,
    CAST(NULL AS INTEGER) AS kafka_partition,
    CAST(NULL AS BIGINT) AS first_offset,
    CAST(NULL AS BIGINT) AS next_offset,
    batches AS missing,
    CAST(NULL AS BIGINT) AS epoch,
    CAST(NULL AS BIGINT) AS batch_id,
    committed_at
FROM unrecorded
WHERE batches > 100
ORDER BY committed_at ASC, kafka_partition ASC, gap ASC
LIMIT :row_limit
