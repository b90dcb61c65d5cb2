-- recent_duplicates: deliveries of a moment ago that repeat an event of the same moment.
-- question: How much of what arrives right now was sent before?
-- grain: one row
-- date basis: arrival (Kafka time)
-- readers: Grafana (trust)
-- param minutes integer = 10: deliveries that arrived in the last so many minutes
-- An event is an event id of an impression. Bounded by the rate, whatever the lake holds: files of other times are
-- skipped, ids are 8-byte hashes. A delivery before these minutes is not seen, so a late repeat counts as new;
-- audit.delivery_findings reads everything.
WITH recent_events AS (
    SELECT
        from_big_endian_64(xxhash64(to_utf8(event_id))) AS id_hash,
        from_big_endian_64(xxhash64(to_utf8(impression_id))) AS impression_hash,
        count(*) AS deliveries
    FROM bronze.ad_events
    WHERE
        reject_reason IS NULL
        AND ingest_ts >= date_add('minute', -CAST(:minutes AS integer), current_timestamp)
    GROUP BY 1, 2
),

totals AS (
    SELECT
        coalesce(sum(deliveries), 0) AS deliveries,
        count(*) AS events
    FROM recent_events
)

SELECT
    deliveries,
    deliveries - events AS duplicate_deliveries,
    CAST(deliveries - events AS decimal(38, 9)) / nullif(deliveries, 0) AS duplicate_share
FROM totals
