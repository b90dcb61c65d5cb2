-- What the Gold rows must be, from the admitted deliveries alone (the law, sections 3 and 4).
-- Grain: one row per impression_id. Columns: the 18 of the law, in its order, in exact types; channel and region; then
-- what the row stores beside them (events in no order), and what was counted on the way.
-- Reads the relation `event_contents` (event_contents.sql).
-- Parameters: attribution_window_ms, late_tolerance_ms, timestamp_utc (the engine's type name).
-- Runs unchanged on Trino and on DuckDB with duckdb_macros.sql.
WITH placed_events AS (
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
        coalesce(region, country_segment) AS region,
        deliveries,
        inexact_headers,
        event_text,
        row_number() OVER (
            PARTITION BY impression_id ORDER BY type_rank ASC, ts_ms ASC, event_id ASC
        ) AS donor_position,
        -- Peers of the current row are in the frame: a click at the conversion's time counts.
        max(CASE WHEN type_rank = 1 THEN ts_ms END) OVER (
            PARTITION BY impression_id ORDER BY ts_ms ASC
            RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS latest_click_ms
    FROM event_contents
),

judged_events AS (
    SELECT
        *,
        coalesce(
            type_rank = 2 AND ts_ms - latest_click_ms <= :attribution_window_ms, FALSE
        ) AS is_eligible
    FROM placed_events
),

credited_events AS (
    SELECT
        *,
        is_eligible AND row_number() OVER (
            PARTITION BY impression_id, is_eligible ORDER BY ts_ms ASC, event_id ASC
        ) = 1 AS is_attributed
    FROM judged_events
),

measured_impressions AS (
    SELECT
        impression_id,
        max(CASE WHEN donor_position = 1 THEN campaign_id END) AS campaign_id,
        max(CASE WHEN donor_position = 1 THEN creative_id END) AS creative_id,
        max(CASE WHEN donor_position = 1 THEN user_id END) AS user_id,
        max(CASE WHEN donor_position = 1 THEN geo_country END) AS geo_country,
        max(CASE WHEN donor_position = 1 THEN platform END) AS platform,
        max(CASE WHEN donor_position = 1 THEN channel END) AS channel,
        max(CASE WHEN donor_position = 1 THEN region END) AS region,
        count(CASE WHEN type_rank = 1 THEN 1 END) AS clicks,
        count(CASE WHEN type_rank = 2 THEN 1 END) AS conversions,
        count(CASE WHEN is_attributed THEN 1 END) AS attributions,
        max(CASE WHEN donor_position = 1 AND type_rank = 0 THEN ts_ms END) AS impression_ms,
        max(CASE WHEN donor_position = 1 AND type_rank = 0 THEN micros END) AS cost_micros,
        coalesce(
            max(CASE WHEN is_attributed THEN latest_click_ms END),
            max(CASE WHEN type_rank = 1 THEN ts_ms END)
        ) AS click_ms,
        max(CASE WHEN is_attributed THEN ts_ms END) AS conversion_ms,
        coalesce(max(CASE WHEN is_attributed THEN micros END), 0) AS revenue_micros,
        sum(
            CASE
                WHEN type_rank = 2 AND NOT is_attributed THEN CAST(micros AS DECIMAL(38, 0))
                ELSE CAST(0 AS DECIMAL(38, 0))
            END
        ) AS out_of_window_micros,
        max(first_ingest_ms - ts_ms) AS greatest_delay_ms,
        max(first_ingest_ms) AS last_updated_ms,
        array_agg(ROW(event_id, event_text)) AS event_texts,
        count(*) > 1 OR max(type_rank) > 0 AS engaged,
        sum(deliveries) AS deliveries,
        sum(inexact_headers) AS inexact_headers,
        count(*) AS events,
        sum(
            CASE WHEN type_rank = 2 THEN CAST(micros AS DECIMAL(38, 0)) ELSE CAST(0 AS DECIMAL(38, 0)) END
        ) AS conversion_micros
    FROM credited_events
    GROUP BY impression_id
)

SELECT
    impression_id,
    campaign_id,
    creative_id,
    user_id,
    geo_country,
    platform,
    clicks > 0 AS is_clicked,
    attributions > 0 AS is_converted,
    CAST(
        from_unixtime_nanos(CAST(impression_ms AS DECIMAL(38, 0)) * 1000000) AS :timestamp_utc
    ) AS impression_time,
    CAST(
        from_unixtime_nanos(CAST(click_ms AS DECIMAL(38, 0)) * 1000000) AS :timestamp_utc
    ) AS click_time,
    CAST(
        from_unixtime_nanos(CAST(conversion_ms AS DECIMAL(38, 0)) * 1000000) AS :timestamp_utc
    ) AS conversion_time,
    CAST(CAST(cost_micros AS DECIMAL(38, 0)) * 0.000001 AS DECIMAL(18, 6)) AS cost,
    CAST(CAST(revenue_micros AS DECIMAL(38, 0)) * 0.000001 AS DECIMAL(18, 6)) AS revenue,
    CASE WHEN conversions > 0 THEN attributions > 0 END AS eligible,
    CAST(
        CASE WHEN greatest_delay_ms > :late_tolerance_ms THEN greatest_delay_ms ELSE 0 END AS BIGINT
    ) AS late_by_ms,
    greatest_delay_ms > :late_tolerance_ms AS is_late,
    CAST(out_of_window_micros * 0.000001 AS DECIMAL(38, 6)) AS revenue_out_of_window,
    CAST(
        from_unixtime_nanos(CAST(last_updated_ms AS DECIMAL(38, 0)) * 1000000) AS :timestamp_utc
    ) AS last_updated_ts,
    channel,
    region,
    event_texts,
    engaged,
    deliveries,
    inexact_headers,
    events,
    conversions,
    conversion_micros
FROM measured_impressions
