-- audit.gold_events: every event that Gold's rows hold, with its content, the channel and region that its deliveries
-- name, and those of its row, which are its donor's.
-- grain: one row per (impression_id, event_id)
-- readers: audit.event_outcomes, notebooks
-- A text for each engine: each has its own functions for JSON in a column and for milliseconds.
SELECT
    state.impression_id,
    event.e AS event_id,
    event.r AS type_rank,
    event.t AS ts_ms,
    CAST(
        from_unixtime_nanos(CAST(event.t AS DECIMAL(38, 0)) * 1000000) AS TIMESTAMP(6) WITH TIME ZONE
    ) AS event_ts,
    event.i AS first_ingest_ms,
    CAST(
        from_unixtime_nanos(CAST(event.i AS DECIMAL(38, 0)) * 1000000) AS TIMESTAMP(6) WITH TIME ZONE
    ) AS first_ingest_ts,
    event.m AS micros,
    event.c AS campaign_id,
    event.cr AS creative_id,
    event.u AS user_id,
    event.g AS geo_country,
    event.p AS platform,
    event.ch AS channel,
    event.rg AS region,
    state.channel AS row_channel,
    state.region AS row_region,
    state.engaged
FROM lakehouse.gold.ad_performance_state AS state
CROSS JOIN
    UNNEST(
        CAST(
            json_parse(state.events_state) AS ARRAY(
                ROW(
                    e VARCHAR, t BIGINT, r INTEGER, m BIGINT, c VARCHAR, cr VARCHAR, u VARCHAR,
                    g VARCHAR, p VARCHAR, i BIGINT, ch VARCHAR, rg VARCHAR
                )
            )
        )
    ) AS event (e, t, r, m, c, cr, u, g, p, i, ch, rg)
