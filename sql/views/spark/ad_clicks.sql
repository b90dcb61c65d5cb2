-- gold.ad_clicks: every delivery of a billable click, good or refused.
-- grain: one row per (kafka_topic, kafka_partition, kafka_offset)
-- readers: budget questions
-- A text for each engine: each has its own JSON reader. What cannot be read of a refused delivery is NULL; repeats are
-- there, since nothing is summed here: gold.spend_ledger has each click once.
WITH deliveries AS (
    SELECT DISTINCT
        kafka_topic,
        kafka_partition,
        kafka_offset,
        advertiser_id,
        event_timestamp,
        raw_payload,
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
    get_json_object(raw_payload, '$.click_id') AS click_id,
    coalesce(get_json_object(raw_payload, '$.advertiser'), advertiser_id) AS advertiser,
    advertiser_id,
    get_json_object(raw_payload, '$.ad_id') AS ad_id,
    try_cast(get_json_object(raw_payload, '$.amount') AS DECIMAL(18, 6)) AS amount,
    try_cast(get_json_object(raw_payload, '$.budget_value') AS DECIMAL(18, 6)) AS budget_value,
    event_timestamp AS event_time,
    reject_reason IS NULL AS is_valid,
    reject_reason,
    ingest_ts AS processed_at,
    CAST(extract(YEAR FROM ingest_ts) AS INT) AS ingest_year,
    CAST(extract(MONTH FROM ingest_ts) AS INT) AS ingest_month,
    CAST(extract(DAY FROM ingest_ts) AS INT) AS ingest_day,
    CAST(extract(HOUR FROM ingest_ts) AS INT) AS ingest_hour
FROM deliveries
