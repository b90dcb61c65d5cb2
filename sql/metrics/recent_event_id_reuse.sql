-- recent_event_id_reuse: event ids that came under more than one impression a moment ago.
-- question: Does a producer use event ids again right now?
-- grain: one row
-- date basis: arrival (Kafka time)
-- readers: dashboard (operations), alerts
-- param minutes integer = 10: deliveries that arrived in the last so many minutes
-- Bounded by the rate, whatever the lake holds: files of other times are skipped, ids are 8-byte hashes.
-- A use before these minutes is not seen: reused_event_ids reads everything.
WITH recent_ids AS (
    SELECT
        from_big_endian_64(xxhash64(to_utf8(event_id))) AS id_hash,
        from_big_endian_64(xxhash64(to_utf8(impression_id))) AS impression_hash
    FROM bronze.ad_events
    WHERE
        reject_reason IS NULL
        AND ingest_ts >= date_add('minute', -CAST(:minutes AS integer), current_timestamp)
),

recent_uses AS (
    SELECT
        id_hash,
        min(impression_hash) <> max(impression_hash) AS is_reused
    FROM recent_ids
    GROUP BY id_hash
)

SELECT
    count(*) AS event_ids,
    count_if(is_reused) AS reused_event_ids
FROM recent_uses
