-- How many deliveries Bronze holds of each partition, and from which offset to which.
-- Grain: one row per (kafka_topic, kafka_partition). Parameters: records (the table), bronze_snapshot, bronze_part (a
-- condition).
SELECT
    kafka_topic,
    kafka_partition,
    min(kafka_offset) AS first_offset,
    max(kafka_offset) + 1 AS next_offset,
    count(*) AS bronze_rows
FROM :records FOR VERSION AS OF :bronze_snapshot
WHERE :bronze_part
GROUP BY kafka_topic, kafka_partition
ORDER BY kafka_topic, kafka_partition
