-- Offending rows: sums by window that are not those of the events in Gold's rows, or the other way round; what differs
-- is not 0.
-- Parameters: table_snapshot, source_snapshot, row_limit.
WITH gold AS (
    SELECT
        coalesce(campaign_id, 'unknown') AS campaign_id,
        coalesce(channel, 'unknown') AS channel,
        coalesce(region, 'unknown') AS region,
        cost,
        revenue,
        engaged,
        date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00.000 UTC', impression_time) AS impression_ms,
        date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00.000 UTC', conversion_time) AS attributed_ms,
        date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00.000 UTC', last_updated_ts) AS updated_ms,
        CASE
            WHEN
                engaged
                THEN CAST(json_parse(events_state) AS ARRAY(ROW(e VARCHAR, t BIGINT, r INTEGER, i BIGINT)))
        END AS held_events
    FROM lakehouse.gold.ad_performance_state FOR VERSION AS OF :source_snapshot
),

-- One row for what an impression alone is, one for each event of the others.
placed AS (
    SELECT
        campaign_id,
        channel,
        region,
        cost,
        CAST(0 AS DECIMAL(18, 6)) AS revenue,
        'impression' AS kind,
        impression_ms AS ts_ms,
        updated_ms AS arrived_ms
    FROM gold
    WHERE NOT engaged
    UNION ALL
    SELECT
        gold.campaign_id,
        gold.channel,
        gold.region,
        CASE WHEN event.r = 0 THEN gold.cost END AS cost,
        CASE
            WHEN
                event.r = 2
                AND event.t = gold.attributed_ms
                AND NOT any_match(
                    gold.held_events, other -> other.r = 2 AND other.t = event.t AND other.e < event.e
                )
                THEN gold.revenue
        END AS revenue,
        element_at(ARRAY['impression', 'click', 'conversion'], event.r + 1) AS kind,
        event.t AS ts_ms,
        event.i AS arrived_ms
    FROM gold
    CROSS JOIN UNNEST(gold.held_events) AS event (e, t, r, i)
    WHERE
        event.r > 0
        OR NOT any_match(
            gold.held_events,
            other -> other.r = 0 AND (other.t < event.t OR (other.t = event.t AND other.e < event.e))
        )
),

windows AS (
    SELECT
        *,
        -- The remainder takes the sign of the time: also before 1970 a window begins before its events.
        ts_ms - mod(mod(ts_ms, 300000) + 300000, 300000) AS begin_ms
    FROM placed
),

stored AS (
    SELECT
        window_start,
        campaign_id,
        channel,
        region,
        CAST(impressions AS DECIMAL(38, 0)) AS impressions,
        CAST(clicks AS DECIMAL(38, 0)) AS clicks,
        CAST(conversions AS DECIMAL(38, 0)) AS conversions,
        CAST(early_impressions AS DECIMAL(38, 0)) AS early_impressions,
        CAST(early_clicks AS DECIMAL(38, 0)) AS early_clicks,
        CAST(early_conversions AS DECIMAL(38, 0)) AS early_conversions,
        CAST(late_impressions AS DECIMAL(38, 0)) AS late_impressions,
        CAST(late_clicks AS DECIMAL(38, 0)) AS late_clicks,
        CAST(late_conversions AS DECIMAL(38, 0)) AS late_conversions,
        CAST(attributed_conversions AS DECIMAL(38, 0)) AS attributed_conversions,
        total_cost,
        revenue
    FROM lakehouse.gold.rollup_5m FOR VERSION AS OF :table_snapshot
),

-- Against the stored sums: what is left of a grain must be nothing.
taken_off AS (
    SELECT
        CAST(
            from_unixtime_nanos(CAST(begin_ms AS DECIMAL(38, 0)) * 1000000) AS TIMESTAMP(6) WITH TIME ZONE
        ) AS window_start,
        campaign_id,
        channel,
        region,
        -CAST(count_if(kind = 'impression') AS DECIMAL(38, 0)) AS impressions,
        -CAST(count_if(kind = 'click') AS DECIMAL(38, 0)) AS clicks,
        -CAST(count_if(kind = 'conversion') AS DECIMAL(38, 0)) AS conversions,
        -CAST(count_if(kind = 'impression' AND arrived_ms - begin_ms <= 360000) AS DECIMAL(38, 0))
            AS early_impressions,
        -CAST(count_if(kind = 'click' AND arrived_ms - begin_ms <= 360000) AS DECIMAL(38, 0)) AS early_clicks,
        -CAST(count_if(kind = 'conversion' AND arrived_ms - begin_ms <= 360000) AS DECIMAL(38, 0))
            AS early_conversions,
        -CAST(count_if(kind = 'impression' AND arrived_ms - begin_ms > 3900000) AS DECIMAL(38, 0))
            AS late_impressions,
        -CAST(count_if(kind = 'click' AND arrived_ms - begin_ms > 3900000) AS DECIMAL(38, 0)) AS late_clicks,
        -CAST(count_if(kind = 'conversion' AND arrived_ms - begin_ms > 3900000) AS DECIMAL(38, 0))
            AS late_conversions,
        -CAST(count_if(kind = 'conversion' AND revenue IS NOT NULL) AS DECIMAL(38, 0)) AS attributed_conversions,
        -CAST(coalesce(sum(cost), 0) AS DECIMAL(38, 6)) AS total_cost,
        -CAST(coalesce(sum(revenue), 0) AS DECIMAL(38, 6)) AS revenue
    FROM windows
    GROUP BY begin_ms, campaign_id, channel, region
),

both_sides AS (
    SELECT * FROM stored
    UNION ALL
    SELECT * FROM taken_off
),

compared AS (
    SELECT
        window_start,
        campaign_id,
        channel,
        region,
        sum(impressions) AS impressions,
        sum(clicks) AS clicks,
        sum(conversions) AS conversions,
        sum(early_impressions) AS early_impressions,
        sum(early_clicks) AS early_clicks,
        sum(early_conversions) AS early_conversions,
        sum(late_impressions) AS late_impressions,
        sum(late_clicks) AS late_clicks,
        sum(late_conversions) AS late_conversions,
        sum(attributed_conversions) AS attributed_conversions,
        sum(total_cost) AS total_cost,
        sum(revenue) AS revenue
    FROM both_sides
    GROUP BY window_start, campaign_id, channel, region
)

SELECT *
FROM compared
WHERE
    impressions <> 0
    OR clicks <> 0
    OR conversions <> 0
    OR early_impressions <> 0
    OR early_clicks <> 0
    OR early_conversions <> 0
    OR late_impressions <> 0
    OR late_clicks <> 0
    OR late_conversions <> 0
    OR attributed_conversions <> 0
    OR total_cost <> 0
    OR revenue <> 0
ORDER BY window_start ASC, campaign_id ASC, channel ASC, region ASC
LIMIT :row_limit
