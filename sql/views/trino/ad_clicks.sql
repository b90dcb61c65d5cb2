-- gold.ad_clicks: every delivery of a billable click, good or refused.
-- grain: one row per (kafka_topic, kafka_partition, kafka_offset)
-- readers: budget questions
-- A text for each engine: each has its own JSON reader. What cannot be read of a refused delivery is NULL; repeats are
-- there, since nothing is summed here: gold.spend_ledger has each click once.
-- include readable_payload
WITH deliveries AS (
    SELECT DISTINCT
        kafka_topic,
        kafka_partition,
        kafka_offset,
        advertiser_id,
        event_timestamp,
        :readable_payload AS payload,
        ingest_ts,
        reject_reason
    FROM lakehouse.bronze.business_events
    WHERE event_type = 'AD_CLICK'
)

SELECT
    kafka_topic,
    kafka_partition,
    kafka_offset,
    'AD_CLICK' AS event_type,
    json_extract_scalar(payload, '$.click_id') AS click_id,
    coalesce(json_extract_scalar(payload, '$.advertiser'), advertiser_id) AS advertiser,
    advertiser_id,
    json_extract_scalar(payload, '$.ad_id') AS ad_id,
    try_cast(json_extract_scalar(payload, '$.amount') AS DECIMAL(18, 6)) AS amount,
    try_cast(json_extract_scalar(payload, '$.budget_value') AS DECIMAL(18, 6)) AS budget_value,
    event_timestamp AS event_time,
    reject_reason IS NULL AS is_valid,
    reject_reason,
    ingest_ts AS processed_at,
    CAST(extract(YEAR FROM ingest_ts) AS INTEGER) AS ingest_year,
    CAST(extract(MONTH FROM ingest_ts) AS INTEGER) AS ingest_month,
    CAST(extract(DAY FROM ingest_ts) AS INTEGER) AS ingest_day,
    CAST(extract(HOUR FROM ingest_ts) AS INTEGER) AS ingest_hour
FROM deliveries
