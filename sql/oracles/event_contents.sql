-- The state of the law, section 3: the winning content of every event and when it first arrived.
-- Grain: one row per (impression_id, event_id).
-- Reads a relation `admitted_deliveries`, one row per admitted delivery; repeats are harmless:
--   impression_id, event_id VARCHAR; ts_ms, type_rank, micros BIGINT (rank 0 impression, 1 click,
--   2 conversion); campaign_id, creative_id, user_id, geo_country, platform VARCHAR or NULL;
--   ingest_ms BIGINT; is_header_exact BOOLEAN, which is only counted.
-- Parameter: stored_text, an expression over the columns of `ranked_deliveries`: the event as Gold stores it
-- (fragments/stored_text.sql), or NULL where nobody asks for it.
-- Runs unchanged on Trino and on DuckDB: both order strings by their UTF-8 bytes.
WITH ranked_deliveries AS (
    SELECT
        impression_id,
        event_id,
        ts_ms,
        type_rank,
        micros,
        campaign_id,
        creative_id,
        user_id,
        geo_country,
        platform,
        ingest_ms,
        count(*) OVER same_event AS deliveries,
        count(CASE WHEN NOT is_header_exact THEN 1 END) OVER same_event AS inexact_headers,
        row_number() OVER (
            same_event
            ORDER BY
                ts_ms ASC,
                type_rank ASC,
                micros ASC,
                campaign_id ASC NULLS FIRST,
                creative_id ASC NULLS FIRST,
                user_id ASC NULLS FIRST,
                geo_country ASC NULLS FIRST,
                platform ASC NULLS FIRST,
                ingest_ms ASC
        ) AS delivery_position
    FROM admitted_deliveries
    WINDOW same_event AS (PARTITION BY impression_id, event_id)
)

SELECT
    impression_id,
    event_id,
    ts_ms,
    type_rank,
    micros,
    campaign_id,
    creative_id,
    user_id,
    geo_country,
    platform,
    ingest_ms AS first_ingest_ms,
    deliveries,
    inexact_headers,
    :stored_text AS event_text
FROM ranked_deliveries
WHERE delivery_position = 1
