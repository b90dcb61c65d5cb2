-- audit.delivery_findings: admitted deliveries that added nothing to their event, or whose Kafka key is
-- not their impression.
-- grain: one row per (kafka_topic, kafka_partition, kafka_offset) with a finding or a flag
-- readers: notebooks; adlake explain says the same
-- Per (impression_id, event_id) the smallest content wins; its first delivery by (ingest_ts,
-- partition, offset) carries the event.
WITH ranked_deliveries AS (
    SELECT
        kafka_topic,
        kafka_partition,
        kafka_offset,
        ingest_ts,
        impression_id,
        event_id,
        type_rank,
        is_key_mismatch,
        row_number() OVER (
            PARTITION BY impression_id, event_id
            ORDER BY
                event_ts ASC,
                type_rank ASC,
                micros ASC,
                campaign_id ASC NULLS FIRST,
                creative_id ASC NULLS FIRST,
                user_id ASC NULLS FIRST,
                geo_country ASC NULLS FIRST,
                platform ASC NULLS FIRST,
                ingest_ts ASC,
                kafka_partition ASC,
                kafka_offset ASC,
                kafka_topic ASC
        ) AS delivery_position,
        rank() OVER (
            PARTITION BY impression_id, event_id
            ORDER BY
                event_ts ASC,
                type_rank ASC,
                micros ASC,
                campaign_id ASC NULLS FIRST,
                creative_id ASC NULLS FIRST,
                user_id ASC NULLS FIRST,
                geo_country ASC NULLS FIRST,
                platform ASC NULLS FIRST
        ) AS content_rank
    FROM lakehouse.audit.admitted_deliveries
),

judged_deliveries AS (
    SELECT
        *,
        CASE
            WHEN delivery_position = 1 THEN NULL
            WHEN content_rank = 1 THEN 'DUPLICATE_DELIVERY'
            ELSE 'CONFLICTING_DUPLICATE'
        END AS finding
    FROM ranked_deliveries
)

SELECT
    kafka_topic,
    kafka_partition,
    kafka_offset,
    ingest_ts,
    impression_id,
    event_id,
    CASE type_rank WHEN 0 THEN 'IMPRESSION' WHEN 1 THEN 'CLICK' ELSE 'CONVERSION' END AS event_type,
    finding,
    is_key_mismatch
FROM judged_deliveries
WHERE finding IS NOT NULL OR is_key_mismatch
