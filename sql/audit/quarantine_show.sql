-- One rejected delivery with everything that was sent.
-- grain: one row, or none. Parameters: kafka_topic, kafka_partition, kafka_offset.
SELECT
    kafka_topic,
    kafka_partition,
    kafka_offset,
    ingest_ts,
    reject_reason,
    reject_detail,
    event_id,
    event_type,
    impression_id,
    campaign_id,
    kafka_key,
    raw_payload,
    raw_bytes
FROM audit.rejected_deliveries
WHERE kafka_topic = :kafka_topic AND kafka_partition = :kafka_partition AND kafka_offset = :kafka_offset
