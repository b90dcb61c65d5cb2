-- Distinct offsets of each partition within one range, so that memory stays bounded.
-- Grain: one row per (kafka_topic, kafka_partition).
-- Parameters: records (the table), bronze_snapshot, first_offset, next_offset (exclusive), bronze_part (a condition).
SELECT
    kafka_topic,
    kafka_partition,
    count(DISTINCT kafka_offset) AS distinct_offsets
FROM :records FOR VERSION AS OF :bronze_snapshot
WHERE kafka_offset >= :first_offset AND kafka_offset < :next_offset AND :bronze_part
GROUP BY kafka_topic, kafka_partition
