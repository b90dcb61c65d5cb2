-- Events of the funnel from their admitted deliveries, by one query: what gold.funnel_events must hold.
-- Grain: one row per event_type and event_id.
-- Reads a relation `funnel_deliveries`; repeats are harmless. Parameter: timestamp_utc.
-- Of several contents of one event the smallest by (time, canonical JSON) counts, and of its deliveries the first.
-- include canonical_json
WITH told AS (
    SELECT
        *,
        ARRAY[
            ROW('campaign_id', campaign_id),
            ROW('channel', channel),
            ROW('impression_id', impression_id),
            ROW('region', region),
            ROW('user_id', user_id)
        ] AS members
    FROM funnel_deliveries
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
            PARTITION BY event_type, event_id ORDER BY ts_ms ASC, content ASC, ingest_ts ASC
        ) AS delivery_position
    FROM contents
)

SELECT
    event_type,
    event_id,
    CAST(from_unixtime_nanos(ts_ms * CAST(1000000 AS DECIMAL(20, 0))) AS :timestamp_utc) AS event_time,
    user_id,
    campaign_id,
    channel,
    region,
    impression_id,
    content,
    ingest_ts AS first_ingest_ts
FROM ranked_deliveries
WHERE delivery_position = 1
