-- rejected_by_reason: deliveries that were refused, by the reason of the law's admission test.
-- question: Which input is refused, and why?
-- grain: one row per reject_reason, most frequent first
-- date basis: arrival (Kafka time)
-- readers: dashboard (operations)
-- param since timestamp = NULL: arrived at or after this time; NULL: from the beginning
-- A crash may store an offset twice: topic, partition and offset are the key.
WITH rejected_deliveries AS (
    SELECT DISTINCT
        kafka_topic,
        kafka_partition,
        kafka_offset,
        reject_reason,
        ingest_ts
    FROM bronze.ad_events
    WHERE
        reject_reason IS NOT NULL
        AND ingest_ts >= coalesce(CAST(:since AS timestamp(6) with time zone), ingest_ts)
)

SELECT
    reject_reason,
    count(*) AS deliveries,
    max(ingest_ts) AS newest_arrival_at
FROM rejected_deliveries
GROUP BY reject_reason
ORDER BY deliveries DESC, reject_reason ASC
