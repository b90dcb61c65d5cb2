-- audit.completeness_gaps: every place where the batch counts do not agree. Empty is good.
-- grain: one row per offending thing; `gap` names the rule, `missing` is how many records it is about
-- (below zero: too many)
-- readers: sql/checks/completeness.sql (verify, dashboard)
-- Reads the batch counts alone, so it is cheap. Four independent counts must agree: Kafka's offsets, the
-- verdicts that the batch counted, the rows that Iceberg counted in the commit, and the table's size.
-- Offsets that hold no record for a reader, as the broker said when the batch was recorded, are no gap.
WITH counted_batches AS (
    SELECT
        kafka_topic,
        topic_id,
        epoch,
        batch_id,
        kafka_partition,
        first_offset,
        next_offset,
        admitted + rejected AS records,
        coalesce(empty_before, 0) AS empty_before,
        coalesce(empty_within, 0) AS empty_within,
        bronze_sequence,
        bronze_rows_added,
        bronze_rows,
        committed_at,
        lag(next_offset) OVER (
            PARTITION BY kafka_topic, topic_id, kafka_partition
            ORDER BY bronze_sequence ASC, first_offset ASC
        ) AS expected_offset
    FROM lakehouse.audit.completeness_ledger
),

commits AS (
    SELECT
        kafka_topic,
        topic_id,
        epoch,
        batch_id,
        bronze_sequence,
        committed_at,
        max(bronze_rows_added) AS bronze_rows_added,
        max(bronze_rows) AS bronze_rows,
        sum(records) AS records
    FROM counted_batches
    GROUP BY kafka_topic, topic_id, epoch, batch_id, bronze_sequence, committed_at
),

sized_commits AS (
    SELECT
        *,
        lag(bronze_rows) OVER (
            PARTITION BY split_part(kafka_topic, '@', 1) ORDER BY bronze_sequence ASC
        ) AS rows_before
    FROM commits
)

SELECT
    'offsets of a batch neither admitted nor rejected' AS gap,
    kafka_topic,
    topic_id,
    epoch,
    batch_id,
    kafka_partition,
    first_offset,
    next_offset,
    next_offset - first_offset - records - empty_within AS missing,
    committed_at
FROM counted_batches
WHERE next_offset - first_offset <> records + empty_within
UNION ALL
SELECT
    'offsets between two batches' AS gap,
    kafka_topic,
    topic_id,
    epoch,
    batch_id,
    kafka_partition,
    expected_offset AS first_offset,
    first_offset AS next_offset,
    first_offset - expected_offset - empty_before AS missing,
    committed_at
FROM counted_batches
WHERE first_offset <> expected_offset + empty_before
UNION ALL
SELECT
    'records counted but not written' AS gap,
    kafka_topic,
    topic_id,
    epoch,
    batch_id,
    CAST(NULL AS INTEGER) AS kafka_partition,
    CAST(NULL AS BIGINT) AS first_offset,
    CAST(NULL AS BIGINT) AS next_offset,
    CAST(records - bronze_rows_added AS BIGINT) AS missing,
    committed_at
FROM sized_commits
WHERE records <> bronze_rows_added
UNION ALL
SELECT
    'rows of Bronze changed between two batches' AS gap,
    kafka_topic,
    topic_id,
    epoch,
    batch_id,
    CAST(NULL AS INTEGER) AS kafka_partition,
    CAST(NULL AS BIGINT) AS first_offset,
    CAST(NULL AS BIGINT) AS next_offset,
    rows_before + bronze_rows_added - bronze_rows AS missing,
    committed_at
FROM sized_commits
WHERE rows_before + bronze_rows_added <> bronze_rows
