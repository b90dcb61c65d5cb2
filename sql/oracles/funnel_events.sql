-- Events of the funnel from their admitted deliveries, by one query: what gold.funnel_events must hold.
-- Grain: one row per event_type and event_id.
-- Reads a relation `funnel_deliveries`; repeats are harmless. Parameter: timestamp_utc.
-- Of several contents of one event the smallest by (time, canonical JSON) counts, and of its deliveries the first.
WITH contents AS (
    SELECT
        *,
        '{' || array_join(
            transform(
                filter(
                    ARRAY[
                        ROW('campaign_id', campaign_id),
                        ROW('channel', channel),
                        ROW('impression_id', impression_id),
                        ROW('region', region),
                        ROW('user_id', user_id)
                    ],
                    member -> member[2] IS NOT NULL
                ),
                member -> '"' || member[1] || '":"' || reduce(
                    sequence(0, 31),
                    replace(replace(member[2], chr(92), chr(92) || chr(92)), '"', chr(92) || '"'),
                    (text, code) -> replace(text, chr(code), chr(92) || CASE code
                        WHEN 8 THEN 'b'
                        WHEN 9 THEN 't'
                        WHEN 10 THEN 'n'
                        WHEN 12 THEN 'f'
                        WHEN 13 THEN 'r'
                        ELSE 'u' || lpad(to_base(code, 16), 4, '0')
                    END),
                    text -> text
                ) || '"'
            ),
            ','
        ) || '}' AS content
    FROM funnel_deliveries
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
