-- Rejected deliveries, newest first, with the beginning of what was sent.
-- grain: one row per (kafka_topic, kafka_partition, kafka_offset)
-- Parameters: reason, campaign, since, until (each NULL: any), row limit twice.
-- Reads Bronze and not audit.rejected_deliveries, so that memory is bounded by the limit: copies of an
-- offset that a crash may have left are next to each other, so the first limit is twice the second.
WITH newest_rows AS (
    SELECT
        deliveries.kafka_topic,
        deliveries.kafka_partition,
        deliveries.kafka_offset,
        deliveries.ingest_ts,
        deliveries.reject_reason,
        deliveries.reject_detail,
        deliveries.event_type,
        deliveries.impression_id,
        deliveries.campaign_id,
        substr(
            coalesce(deliveries.raw_payload, to_hex(substr(deliveries.raw_bytes, 1, 40))), 1, 80
        ) AS payload_start
    FROM bronze.ad_events AS deliveries
    CROSS JOIN (
        VALUES (
            CAST(? AS VARCHAR),
            CAST(? AS VARCHAR),
            CAST(? AS TIMESTAMP(6) WITH TIME ZONE),
            CAST(? AS TIMESTAMP(6) WITH TIME ZONE)
        )
    ) AS wanted (reason, campaign, since, until)
    WHERE
        deliveries.reject_reason = coalesce(wanted.reason, deliveries.reject_reason)
        AND (wanted.campaign IS NULL OR deliveries.campaign_id = wanted.campaign)
        AND (wanted.since IS NULL OR deliveries.ingest_ts >= wanted.since)
        AND (wanted.until IS NULL OR deliveries.ingest_ts < wanted.until)
    ORDER BY
        deliveries.ingest_ts DESC,
        deliveries.kafka_topic ASC,
        deliveries.kafka_partition ASC,
        deliveries.kafka_offset DESC
    LIMIT ?
)

SELECT DISTINCT *
FROM newest_rows
ORDER BY ingest_ts DESC, kafka_topic ASC, kafka_partition ASC, kafka_offset DESC
LIMIT ?
