-- The state of the law, section 3: the winning content of every event and when it first arrived.
-- Grain: one row per (impression_id, event_id).
-- Reads a relation `admitted_deliveries`, one row per admitted delivery; repeats are harmless:
--   impression_id, event_id VARCHAR; ts_ms, type_rank, micros BIGINT (rank 0 impression, 1 click,
--   2 conversion); campaign_id, creative_id, user_id, geo_country, platform VARCHAR or NULL;
--   ingest_ms BIGINT.
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
        row_number() OVER (
            PARTITION BY impression_id, event_id
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
    ingest_ms AS first_ingest_ms
FROM ranked_deliveries
WHERE delivery_position = 1
