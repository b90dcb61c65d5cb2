-- Where a channel or region is first held: rows before it may be from before Bronze had these columns.
-- Grain: one row per (kafka_topic, kafka_partition) that has one. Parameter: bronze_snapshot.
SELECT
    kafka_topic,
    kafka_partition,
    min(kafka_offset) AS first_offset
FROM lakehouse.bronze.ad_events FOR VERSION AS OF :bronze_snapshot
WHERE channel IS NOT NULL OR region IS NOT NULL
GROUP BY kafka_topic, kafka_partition
