-- Where a channel or region is first held: rows before it may be from before Bronze had these columns.
-- Grain: one row per (kafka_topic, kafka_partition) that has one. Parameters: bronze_snapshot,
-- bronze_part (a condition).
SELECT
    kafka_topic,
    kafka_partition,
    min(kafka_offset) AS first_offset
FROM lakehouse.bronze.ad_events FOR VERSION AS OF :bronze_snapshot
WHERE (channel IS NOT NULL OR region IS NOT NULL) AND :bronze_part
GROUP BY kafka_topic, kafka_partition
