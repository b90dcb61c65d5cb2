-- Offending rows: places where the batch counts do not agree (docs/data-model.md), and a topic whose
-- batches are not counted any more: then nothing else here could be seen.
-- Cheap: reads the batch counts and the lists of snapshots, not Bronze. Reads the relation
-- `stamped_commits` of all tables of records. Parameter: row_limit.
WITH recorded AS (
    SELECT
        split_part(kafka_topic, '@', 1) AS topic,
        max(committed_at) AS committed_at
    FROM lakehouse.audit.completeness_ledger
    GROUP BY split_part(kafka_topic, '@', 1)
),

unrecorded AS (
    SELECT
        count(*) AS batches,
        max(stamped.kafka_topic) AS kafka_topic,
        min(stamped.committed_at) AS committed_at
    FROM stamped_commits AS stamped
    LEFT JOIN recorded ON split_part(stamped.kafka_topic, '@', 1) = recorded.topic
    WHERE stamped.committed_at > coalesce(recorded.committed_at, from_unixtime(0))
    GROUP BY split_part(stamped.kafka_topic, '@', 1)
)

SELECT
    gap,
    kafka_topic,
    kafka_partition,
    first_offset,
    next_offset,
    missing,
    epoch AS lease_generation,
    batch_id,
    committed_at
FROM lakehouse.audit.completeness_gaps
UNION ALL
SELECT
    'batches that are not counted' AS gap,
    kafka_topic,
    CAST(NULL AS INTEGER) AS kafka_partition,
    CAST(NULL AS BIGINT) AS first_offset,
    CAST(NULL AS BIGINT) AS next_offset,
    batches AS missing,
    CAST(NULL AS BIGINT) AS lease_generation,
    CAST(NULL AS BIGINT) AS batch_id,
    committed_at
FROM unrecorded
WHERE batches > 100
ORDER BY committed_at ASC, kafka_partition ASC, gap ASC
LIMIT :row_limit
