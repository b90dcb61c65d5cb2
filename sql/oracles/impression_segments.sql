-- Channel and region of every impression: those of its donor event, NULL where unknown.
-- Grain: one row per impression_id. No part of an event's content, so among the donor's deliveries
-- with its winning content the smallest counts; a region falls back to the donor's country.
-- Reads the relation `admitted_deliveries` of event_contents.sql with three more columns, each in the
-- form of attribution/law/segment_text.py: channel, region and country_segment, of geo_country.
-- Runs unchanged on Trino and on DuckDB: both order strings by their UTF-8 bytes.
WITH content_segments AS (
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
        min(channel) AS channel,
        coalesce(min(region), min(country_segment)) AS region
    FROM admitted_deliveries
    GROUP BY
        impression_id,
        event_id,
        ts_ms,
        type_rank,
        micros,
        campaign_id,
        creative_id,
        user_id,
        geo_country,
        platform
),

ranked_contents AS (
    SELECT
        impression_id,
        event_id,
        ts_ms,
        type_rank,
        channel,
        region,
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
                platform ASC NULLS FIRST
        ) AS content_position
    FROM content_segments
),

ranked_events AS (
    SELECT
        impression_id,
        channel,
        region,
        row_number() OVER (
            PARTITION BY impression_id ORDER BY type_rank ASC, ts_ms ASC, event_id ASC
        ) AS donor_position
    FROM ranked_contents
    WHERE content_position = 1
)

SELECT
    impression_id,
    channel,
    region
FROM ranked_events
WHERE donor_position = 1
