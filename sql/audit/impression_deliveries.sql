-- Every delivery that names one impression, in the order of arrival.
-- grain: one row per (kafka_topic, kafka_partition, kafka_offset)
-- Parameter: the impression id.
SELECT
    kafka_topic,
    kafka_partition,
    kafka_offset,
    arbitrary(ingest_ts) AS ingest_ts,
    arbitrary(event_id) AS event_id,
    arbitrary(event_type) AS event_type,
    arbitrary(reject_reason) AS reject_reason,
    arbitrary(reject_detail) AS reject_detail,
    arbitrary(kafka_key) AS kafka_key,
    arbitrary(raw_payload) AS raw_payload,
    arbitrary(raw_bytes) AS raw_bytes
FROM bronze.ad_events
WHERE impression_id = ?
GROUP BY kafka_topic, kafka_partition, kafka_offset
ORDER BY ingest_ts, kafka_partition, kafka_offset
