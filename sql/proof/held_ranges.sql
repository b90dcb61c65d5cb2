-- Runs of offsets without a gap that Bronze holds, within one range: what lies between them is missing.
-- Grain: one row per run; in the order of their offsets, partition by partition.
-- Parameters: records (the table), bronze_snapshot, first_offset, next_offset (exclusive).
WITH held_offsets AS (
    SELECT DISTINCT
        kafka_topic,
        kafka_partition,
        kafka_offset
    FROM :records FOR VERSION AS OF :bronze_snapshot
    WHERE kafka_offset >= :first_offset AND kafka_offset < :next_offset
),

numbered_offsets AS (
    SELECT
        *,
        kafka_offset - row_number() OVER (
            PARTITION BY kafka_topic, kafka_partition ORDER BY kafka_offset ASC
        ) AS run
    FROM held_offsets
)

SELECT
    kafka_topic,
    kafka_partition,
    min(kafka_offset) AS first_offset,
    max(kafka_offset) + 1 AS next_offset
FROM numbered_offsets
GROUP BY kafka_topic, kafka_partition, run
ORDER BY kafka_topic ASC, kafka_partition ASC, first_offset ASC
