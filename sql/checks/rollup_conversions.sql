-- Offending rows: conversions that are not those in the states of Gold's rows, or the other way round; what differs is
-- not 0.
-- Parameters: table_snapshot, source_snapshot, lookbacks, row_limit.
WITH lookbacks AS (
    SELECT
        CAST(periods.from_ms AS BIGINT) AS from_ms,
        CAST(periods.until_ms AS BIGINT) AS until_ms,
        CAST(periods.lookback_ms AS BIGINT) AS lookback_ms
    FROM (VALUES :lookbacks) AS periods (from_ms, until_ms, lookback_ms)
),

rows_with_conversions AS (
    SELECT
        impression_id,
        campaign_id,
        geo_country,
        platform,
        impression_time,
        is_clicked,
        is_converted,
        date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00.000 UTC', impression_time) AS impression_ms,
        date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00.000 UTC', conversion_time) AS attributed_ms,
        CAST(
            json_parse(events_state) AS ARRAY(ROW(e VARCHAR, t BIGINT, r INTEGER, m BIGINT, i BIGINT))
        ) AS held_events
    FROM lakehouse.gold.ad_performance_state FOR VERSION AS OF :source_snapshot
    WHERE eligible IS NOT NULL
),

held_conversions AS (
    SELECT
        held.*,
        conversion.e AS event_id,
        conversion.t AS ts_ms,
        conversion.m AS micros,
        conversion.i AS arrived_ms,
        held.is_converted
        AND conversion.t = held.attributed_ms
        AND conversion.e = element_at(
            filter(held.held_events, event -> event.r = 2 AND event.t = held.attributed_ms), 1
        ).e AS is_attributed,
        array_max(
            transform(
                filter(held.held_events, event -> event.r = 1 AND event.t <= conversion.t), event -> event.t
            )
        ) AS latest_click_ms
    FROM rows_with_conversions AS held
    CROSS JOIN
        UNNEST(filter(held.held_events, event -> event.r = 2)) AS conversion (e, t, r, m, i)
),

stored AS (
    SELECT
        bucket,
        conversion_at,
        impression_id,
        event_id,
        campaign_id,
        geo_country,
        platform,
        impression_time,
        delay_ms,
        CAST(conversions AS DECIMAL(38, 0)) AS conversions,
        value
    FROM lakehouse.gold.rollup_conversions FOR VERSION AS OF :table_snapshot
),

taken_off AS (
    SELECT
        CASE
            WHEN held.is_attributed AND held.impression_time IS NULL THEN 'ORPHAN'
            WHEN held.is_attributed THEN 'ATTRIBUTED'
            WHEN NOT held.is_clicked THEN 'NO_CLICK'
            WHEN held.latest_click_ms IS NULL THEN 'CONVERSION_BEFORE_CLICK'
            WHEN held.ts_ms - held.latest_click_ms > lookbacks.lookback_ms THEN 'OUT_OF_WINDOW'
            ELSE 'REPEAT_CONVERSION'
        END AS bucket,
        CAST(
            from_unixtime_nanos(CAST(held.ts_ms AS DECIMAL(38, 0)) * 1000000) AS TIMESTAMP(6) WITH TIME ZONE
        ) AS conversion_at,
        held.impression_id,
        held.event_id,
        held.campaign_id,
        held.geo_country,
        held.platform,
        held.impression_time,
        CASE WHEN held.is_attributed THEN greatest(0, held.arrived_ms - held.impression_ms) END AS delay_ms,
        -1 AS conversions,
        -CAST(CAST(held.micros AS DECIMAL(32, 0)) * 0.000001 AS DECIMAL(38, 6)) AS value
    FROM held_conversions AS held
    LEFT JOIN lookbacks
        ON held.ts_ms >= lookbacks.from_ms AND held.ts_ms < lookbacks.until_ms
),

both_sides AS (
    SELECT * FROM stored
    UNION ALL
    SELECT * FROM taken_off
),

compared AS (
    SELECT
        bucket,
        conversion_at,
        impression_id,
        event_id,
        campaign_id,
        geo_country,
        platform,
        impression_time,
        delay_ms,
        sum(conversions) AS conversions,
        sum(value) AS value
    FROM both_sides
    GROUP BY
        bucket, conversion_at, impression_id, event_id, campaign_id, geo_country, platform, impression_time, delay_ms
)

SELECT *
FROM compared
WHERE
    conversions <> 0
    OR value <> 0
ORDER BY impression_id ASC, event_id ASC, conversions ASC
LIMIT :row_limit
