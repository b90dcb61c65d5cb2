-- audit.rejected_deliveries: every delivery that admission refused, with the reason and its bytes.
-- grain: one row per (kafka_topic, kafka_partition, kafka_offset)
-- readers: adlake quarantine, notebooks
-- A crash may store an offset twice: equal rows are one delivery.
SELECT DISTINCT
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
FROM lakehouse.bronze.ad_events
WHERE reject_reason IS NOT NULL
