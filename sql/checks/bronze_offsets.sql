-- Offending rows: offsets that Bronze holds more than once, and offsets after which some are
-- missing, within one range.
-- Parameters: records (the table), bronze_snapshot, first_offset, next_offset (exclusive), row_limit.
WITH held_offsets AS (
    SELECT
        kafka_topic,
        kafka_partition,
        kafka_offset,
        count(*) AS copies,
        lead(kafka_offset) OVER (
            PARTITION BY kafka_topic, kafka_partition ORDER BY kafka_offset ASC
        ) AS following_offset
    FROM :records FOR VERSION AS OF :bronze_snapshot
    WHERE kafka_offset >= :first_offset AND kafka_offset < :next_offset
    GROUP BY kafka_topic, kafka_partition, kafka_offset
)

SELECT
    kafka_topic,
    kafka_partition,
    kafka_offset,
    copies,
    following_offset - kafka_offset - 1 AS missing_after
FROM held_offsets
WHERE copies > 1 OR following_offset > kafka_offset + 1
ORDER BY kafka_topic ASC, kafka_partition ASC, kafka_offset ASC
LIMIT :row_limit
