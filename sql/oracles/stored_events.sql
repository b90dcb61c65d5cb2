-- The events that one slice of Gold has in `events_state`, at a pinned snapshot.
-- Grain: one row per stored event. Parameters: gold_snapshot, slice_count, slice.
SELECT
    state.impression_id,
    event.e AS event_id,
    event.t AS ts_ms,
    event.r AS type_rank,
    event.m AS micros,
    event.c AS campaign_id,
    event.cr AS creative_id,
    event.u AS user_id,
    event.g AS geo_country,
    event.p AS platform,
    event.i AS first_ingest_ms,
    event.ch AS channel,
    event.rg AS region
FROM lakehouse.gold.ad_performance_state FOR VERSION AS OF :gold_snapshot AS state
CROSS JOIN UNNEST(
    TRY_CAST(
        try(json_parse(state.events_state)) AS ARRAY(
            ROW(
                e VARCHAR, t BIGINT, r BIGINT, m BIGINT, c VARCHAR,
                cr VARCHAR, u VARCHAR, g VARCHAR, p VARCHAR, i BIGINT, ch VARCHAR, rg VARCHAR
            )
        )
    )
) AS event (e, t, r, m, c, cr, u, g, p, i, ch, rg)
WHERE mod(crc32(to_utf8(state.impression_id)), :slice_count) = :slice
