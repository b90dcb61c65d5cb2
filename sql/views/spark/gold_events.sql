-- audit.gold_events: every event that Gold's rows hold, with its content, the channel and region that its deliveries
-- name, and those of its row, which are its donor's.
-- grain: one row per (impression_id, event_id)
-- readers: audit.event_outcomes, notebooks
-- A text for each engine: each has its own functions for JSON in a column and for milliseconds.
SELECT
    impression_id,
    event.e AS event_id,
    event.r AS type_rank,
    event.t AS ts_ms,
    timestamp_millis(event.t) AS event_ts,
    event.i AS first_ingest_ms,
    timestamp_millis(event.i) AS first_ingest_ts,
    event.m AS micros,
    event.c AS campaign_id,
    event.cr AS creative_id,
    event.u AS user_id,
    event.g AS geo_country,
    event.p AS platform,
    event.ch AS channel,
    event.rg AS region,
    row_channel,
    row_region,
    engaged
FROM (
    SELECT
        impression_id,
        channel AS row_channel,
        region AS row_region,
        engaged,
        explode(from_json(
            events_state,
            'array<struct<e:string,t:bigint,r:int,m:bigint,c:string,cr:string,u:string,'
            || 'g:string,p:string,i:bigint,ch:string,rg:string>>'
        )) AS event
    FROM lakehouse.gold.ad_performance_state
) AS exploded_states
