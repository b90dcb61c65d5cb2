-- gold.business_events_audit: deliveries of business events that were refused, added nothing to their event,
-- or count with a remark.
-- grain: one row per (kafka_topic, kafka_partition, kafka_offset)
-- readers: audit questions, notebooks
-- reason: the reject reason; DUPLICATE_DELIVERY, the winning content of an event again; CONFLICTING_DUPLICATE,
-- another content of it; or the remark on a delivery that counts: BAD_BUDGET_VALUE; BUDGET_MISMATCH, a click that
-- carries another budget than the BUDGET_CHANGE in force at its time. Of several contents of one event the
-- smallest by (event time, money, other fields) wins, whatever came first; its first delivery by (ingest_ts,
-- partition, offset) counts.
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
        event_ts,
        CASE event_type
            WHEN 'BUDGET_CHANGE' THEN CAST(micros AS DECIMAL(38, 6))
            -- In the texts of the object a quotation mark has a stroke before it.
            WHEN 'AD_CLICK'
                THEN 1000000 * CAST(
                    nullif(regexp_extract(content, '"budget_value":"([0-9.]+)"', 1), '') AS DECIMAL(18, 6)
                )
        END AS budget_micros,
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

-- Of the changes of one moment the one with the largest id; it is in force for clicks of that moment, too.
compared_deliveries AS (
    SELECT
        *,
        last_value(CASE WHEN event_type = 'BUDGET_CHANGE' AND delivery_position = 1 THEN budget_micros END)
            IGNORE NULLS OVER (
                PARTITION BY advertiser_id
                ORDER BY event_ts ASC, CASE WHEN event_type = 'BUDGET_CHANGE' THEN 0 ELSE 1 END ASC, counted_id ASC
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) AS budget_in_force
    FROM ranked_deliveries
),

judged_deliveries AS (
    SELECT
        *,
        CASE
            WHEN delivery_position = 1 AND event_type = 'AD_CLICK' AND budget_micros <> budget_in_force
                THEN 'BUDGET_MISMATCH'
            WHEN delivery_position = 1 THEN reject_detail
            WHEN content_rank = 1 THEN 'DUPLICATE_DELIVERY'
            ELSE 'CONFLICTING_DUPLICATE'
        END AS reason
    FROM compared_deliveries
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
