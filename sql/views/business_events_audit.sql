-- gold.business_events_audit: deliveries of business events that were refused, added nothing to their event,
-- or count with a remark.
-- grain: one row per (kafka_topic, kafka_partition, kafka_offset)
-- readers: audit questions, notebooks
-- reason: the reject reason; DUPLICATE_DELIVERY, the winning content of an event again; CONFLICTING_DUPLICATE,
-- another content of it; or the remark on a delivery that counts (BAD_BUDGET_VALUE). Of several contents of
-- one event the smallest by (event time, money, other fields) wins, whatever came first; its first delivery
-- by (ingest_ts, partition, offset) counts.
WITH ranked_deliveries AS (
    SELECT
        kafka_topic,
        kafka_partition,
        kafka_offset,
        ingest_ts,
        event_type,
        event_id,
        user_id,
        advertiser_id,
        campaign_id,
        counted_id,
        reject_detail,
        row_number() OVER (
            PARTITION BY event_type, counted_within, counted_id
            ORDER BY
                event_ts ASC,
                micros ASC,
                content ASC,
                ingest_ts ASC,
                kafka_partition ASC,
                kafka_offset ASC,
                kafka_topic ASC
        ) AS delivery_position,
        rank() OVER (
            PARTITION BY event_type, counted_within, counted_id ORDER BY event_ts ASC, micros ASC, content ASC
        ) AS content_rank
    FROM lakehouse.audit.admitted_business_events
),

judged_deliveries AS (
    SELECT
        *,
        CASE
            WHEN delivery_position = 1 THEN reject_detail
            WHEN content_rank = 1 THEN 'DUPLICATE_DELIVERY'
            ELSE 'CONFLICTING_DUPLICATE'
        END AS reason
    FROM ranked_deliveries
)

SELECT
    kafka_topic,
    kafka_partition,
    kafka_offset,
    ingest_ts,
    event_type,
    event_id,
    user_id,
    advertiser_id,
    campaign_id,
    counted_id,
    reason,
    reject_detail AS detail
FROM judged_deliveries
WHERE reason IS NOT NULL
UNION ALL
-- A crash may store an offset twice: equal rows are one delivery.
SELECT DISTINCT
    kafka_topic,
    kafka_partition,
    kafka_offset,
    ingest_ts,
    event_type,
    event_id,
    user_id,
    advertiser_id,
    campaign_id,
    CAST(NULL AS VARCHAR(256)) AS counted_id,
    reject_reason AS reason,
    reject_detail AS detail
FROM lakehouse.bronze.business_events
WHERE reject_reason IS NOT NULL
