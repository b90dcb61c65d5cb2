-- Every delivery that names one impression, in the order of arrival; also those whose payload
-- cannot be read as far as its impression, by their Kafka key.
-- grain: one row per (kafka_topic, kafka_partition, kafka_offset)
-- Parameter: impression_id. Two parts, so that each can skip files by its own columns.
WITH deliveries AS (
    SELECT *
    FROM bronze.ad_events
    WHERE impression_id = :impression_id
    UNION ALL
    SELECT *
    FROM bronze.ad_events
    WHERE impression_id IS NULL AND kafka_key = to_utf8(:impression_id)
)

SELECT
    kafka_topic,
    kafka_partition,
    kafka_offset,
    arbitrary(ingest_ts) AS ingest_ts,
    arbitrary(impression_id) AS impression_id,
    arbitrary(event_id) AS event_id,
    arbitrary(event_type) AS event_type,
    arbitrary(reject_reason) AS reject_reason,
    arbitrary(reject_detail) AS reject_detail,
    arbitrary(kafka_key) AS kafka_key,
    arbitrary(raw_payload) AS raw_payload,
    arbitrary(raw_bytes) AS raw_bytes
FROM deliveries
GROUP BY kafka_topic, kafka_partition, kafka_offset
ORDER BY ingest_ts, kafka_partition, kafka_offset
