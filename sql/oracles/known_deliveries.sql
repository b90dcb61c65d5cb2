-- Deliveries that give touched impressions the state they must have: each event of the state that was proven,
-- as the delivery that it stands for, and the deliveries that came since (the law, section 3: a payload beaten in
-- any part is beaten in the whole).
-- Grain: one row per proven event and per new admitted delivery. Reads the relations `proven_rows` and
-- `new_deliveries`. Parameters: upper_case, lower_case (contracts/letters.py).
WITH proven_events AS (
    SELECT
        proven.impression_id,
        event.e AS event_id,
        event.t AS ts_ms,
        event.r AS type_rank,
        event.m AS micros,
        event.c AS campaign_id,
        event.cr AS creative_id,
        event.u AS user_id,
        event.g AS geo_country,
        event.p AS platform,
        event.i AS ingest_ms,
        event.ch AS channel,
        event.rg AS region
    FROM proven_rows AS proven
    CROSS JOIN UNNEST(
        CAST(
            json_parse(proven.events_state) AS ARRAY(
                ROW(
                    e VARCHAR, t BIGINT, r BIGINT, m BIGINT, c VARCHAR,
                    cr VARCHAR, u VARCHAR, g VARCHAR, p VARCHAR, i BIGINT, ch VARCHAR, rg VARCHAR
                )
            )
        )
    ) AS event (e, t, r, m, c, cr, u, g, p, i, ch, rg)
),

small_countries AS (
    SELECT
        *,
        -- translate builds its table of all letters for each row: most texts need none of the others.
        CASE
            WHEN regexp_like(geo_country, '\A[ -~]*\z') THEN lower(trim(BOTH ' ' FROM geo_country))
            ELSE translate(trim(BOTH ' ' FROM geo_country), :upper_case, :lower_case)
        END AS small_country
    FROM proven_events
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
    ingest_ms,
    channel,
    region,
    CASE
        WHEN
            length(to_utf8(small_country)) BETWEEN 1 AND 256
            AND NOT regexp_like(small_country, '[\x00-\x1f]')
            THEN small_country
    END AS country_segment,
    TRUE AS is_header_exact
FROM small_countries
UNION ALL
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
    channel,
    region,
    country_segment,
    is_header_exact
FROM new_deliveries
