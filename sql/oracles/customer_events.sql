-- Events about customers from their admitted deliveries, by one query: what gold.customer_events must hold.
-- Grain: one row per event_type, counted_id and user_id.
-- Reads a relation `customer_deliveries`; repeats are harmless. Parameter: timestamp_utc.
-- Of several contents of one event the smallest by (time, money, canonical JSON) counts, and of its deliveries the
-- first. It is that of one customer: rows of others do not count.
-- include canonical_json
WITH told AS (
    SELECT
        *,
        ARRAY[
            ROW('activation_id', activation_id),
            ROW('campaign_id', campaign_id),
            ROW('channel', channel),
            ROW('email', email_sha256),
            ROW('geo_country', geo_country),
            ROW('name', name),
            ROW('status', status),
            ROW('user_id', user_id)
        ] AS members
    FROM customer_deliveries
),

contents AS (
    SELECT
        *,
        :canonical_json AS content
    FROM told
),

ranked_deliveries AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY event_type, counted_id, user_id
            ORDER BY ts_ms ASC, micros ASC, content ASC, ingest_ts ASC
        ) AS delivery_position,
        rank() OVER (
            PARTITION BY event_type, counted_id ORDER BY ts_ms ASC, micros ASC, content ASC
        ) AS content_rank
    FROM contents
)

SELECT
    event_type,
    counted_id,
    user_id,
    CAST(from_unixtime_nanos(ts_ms * CAST(1000000 AS DECIMAL(20, 0))) AS :timestamp_utc) AS event_time,
    CAST(CAST(micros AS DECIMAL(18, 0)) * DECIMAL '0.000001' AS DECIMAL(18, 6)) AS amount,
    activation_id,
    campaign_id,
    channel,
    status,
    name,
    email_sha256,
    geo_country,
    content_rank = 1 AS is_counted,
    ingest_ts AS first_ingest_ts
FROM ranked_deliveries
WHERE delivery_position = 1
