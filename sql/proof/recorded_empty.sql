-- Offsets of one partition that the broker called empty when its batches were recorded, and how far the
-- records go. One row. Parameters: kafka_topic, kafka_partition, next_offset (exclusive).
SELECT
    coalesce(max(next_offset), 0) AS recorded_until,
    coalesce(sum(coalesce(empty_before, 0) + coalesce(empty_within, 0)), 0) AS empty_offsets
FROM lakehouse.audit.completeness_ledger
WHERE
    kafka_topic = :kafka_topic
    AND kafka_partition = :kafka_partition
    AND next_offset <= :next_offset
