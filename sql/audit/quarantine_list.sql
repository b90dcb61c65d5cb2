-- Rejected deliveries, newest first, with the beginning of what was sent.
-- grain: one row per (kafka_topic, kafka_partition, kafka_offset)
-- Parameters: reason, campaign, since, until (each NULL: any), row_limit, stored_limit (twice as much).
-- Reads Bronze and not audit.rejected_deliveries, so that memory is bounded by the limit: copies of an
-- offset that a crash may have left are next to each other, so the first limit is twice the second.
WITH newest_rows AS (
    SELECT
        kafka_topic,
        kafka_partition,
        kafka_offset,
        ingest_ts,
        reject_reason,
        reject_detail,
        event_type,
        impression_id,
        campaign_id,
        substr(
            coalesce(raw_payload, to_hex(substr(raw_bytes, 1, 40))), 1, 80
        ) AS payload_start
    FROM bronze.ad_events
    WHERE
        reject_reason = coalesce(CAST(:reason AS VARCHAR), reject_reason)
        AND (CAST(:campaign AS VARCHAR) IS NULL OR campaign_id = CAST(:campaign AS VARCHAR))
        AND (CAST(:since AS :timestamp_utc) IS NULL OR ingest_ts >= CAST(:since AS :timestamp_utc))
        AND (CAST(:until AS :timestamp_utc) IS NULL OR ingest_ts < CAST(:until AS :timestamp_utc))
    ORDER BY
        ingest_ts DESC,
        kafka_topic ASC,
        kafka_partition ASC,
        kafka_offset DESC
    LIMIT :stored_limit
)

SELECT DISTINCT *
FROM newest_rows
ORDER BY ingest_ts DESC, kafka_topic ASC, kafka_partition ASC, kafka_offset DESC
LIMIT :row_limit
