-- The state of the law, section 3: the winning content of every event, when it first arrived, and the smallest channel
-- and region that a delivery with this content names.
-- Grain: one row per (impression_id, event_id).
-- Reads a relation `admitted_deliveries`, one row per admitted delivery; repeats are harmless:
--   impression_id, event_id VARCHAR; ts_ms, type_rank, micros BIGINT (rank 0 impression, 1 click,
--   2 conversion); campaign_id, creative_id, user_id, geo_country, platform VARCHAR or NULL;
--   ingest_ms BIGINT; is_header_exact BOOLEAN, which is only counted; channel, region and country_segment (of
--   geo_country) VARCHAR or NULL, in the form of attribution/law/segment_text.py.
-- Up to the first delivery in order there are those of its content alone, as equal ones count along.
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
        country_segment,
        min(ingest_ms) OVER in_order AS first_ingest_ms,
        min(channel) OVER in_order AS channel,
        min(region) OVER in_order AS region,
        count(*) OVER same_event AS deliveries,
        count(CASE WHEN NOT is_header_exact THEN 1 END) OVER same_event AS inexact_headers,
        row_number() OVER in_order AS delivery_position
    FROM admitted_deliveries
    WINDOW
        same_event AS (PARTITION BY impression_id, event_id),
        in_order AS (
            same_event
            ORDER BY
                ts_ms ASC,
                type_rank ASC,
                micros ASC,
                campaign_id ASC NULLS FIRST,
                creative_id ASC NULLS FIRST,
                user_id ASC NULLS FIRST,
                geo_country ASC NULLS FIRST,
                platform ASC NULLS FIRST
        )
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
    first_ingest_ms,
    channel,
    region,
    country_segment,
    deliveries,
    inexact_headers,
    :stored_text AS event_text
FROM ranked_deliveries
WHERE delivery_position = 1
