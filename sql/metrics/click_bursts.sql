-- click_bursts: runs of clicks by one user that follow each other faster than a person finds ads to click.
-- question: Who clicks many times within seconds?
-- grain: one row per burst, most clicks first; bursts says how many there are in all
-- date basis: click time
-- readers: Grafana (trust), analysts
-- param burst_clicks integer = 5: so many clicks make a burst
-- param burst_pause_ms integer = 3000: longest pause between two clicks of one run, in milliseconds
-- param since timestamp = NULL: clicks at or after this time; NULL: from the beginning
-- param until timestamp = NULL: clicks before this time; NULL: to the end
-- param campaign_id varchar = NULL: bursts with a click on one campaign; NULL: all
-- param most integer = 100: the first so many; NULL: all
-- include held_events
-- include changed_since
-- include time_range: moment = clicked_at
-- A click without a user counts as one of its impression's user; when that one has none either, the run is that of
-- the impression. A burst that goes over an end of the time range is cut there.
WITH engaged_rows AS (
    SELECT
        impression_id,
        campaign_id,
        user_id,
        :held_events AS events
    FROM gold.ad_performance_state
    WHERE
        engaged
        AND :changed_since
),

clicks AS (
    SELECT
        state.impression_id,
        state.campaign_id,
        coalesce(event.user_id, state.user_id) AS user_id,
        event.event_id,
        event.ts_ms AS clicked_ms,
        CAST(from_unixtime_nanos(CAST(event.ts_ms AS decimal(38, 0)) * 1000000) AS timestamp(6) with time zone)
            AS clicked_at
    FROM engaged_rows AS state
    CROSS JOIN UNNEST(state.events) AS event (event_id, ts_ms, type_rank, user_id)
    WHERE event.type_rank = 1
),

chosen_clicks AS (
    SELECT
        *,
        coalesce('user ' || user_id, 'impression ' || impression_id) AS clicker
    FROM clicks
    WHERE :time_range
),

spaced_clicks AS (
    SELECT
        *,
        clicked_ms - lag(clicked_ms) OVER (
            PARTITION BY clicker ORDER BY clicked_ms ASC, impression_id ASC, event_id ASC
        ) AS pause_ms
    FROM chosen_clicks
),

run_clicks AS (
    SELECT
        *,
        count_if(coalesce(pause_ms > CAST(:burst_pause_ms AS bigint), TRUE)) OVER (
            PARTITION BY clicker ORDER BY clicked_ms ASC, impression_id ASC, event_id ASC
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS run_number
    FROM spaced_clicks
),

bursts AS (
    SELECT
        min(user_id) AS user_id,
        clicker,
        min(clicked_at) AS first_click_at,
        max(clicked_ms) - min(clicked_ms) AS burst_ms,
        count(*) AS clicks,
        count(DISTINCT impression_id) AS impressions,
        count(DISTINCT campaign_id) AS campaigns
    FROM run_clicks
    GROUP BY clicker, run_number
    HAVING
        count(*) >= CAST(:burst_clicks AS bigint)
        AND (
            CAST(:campaign_id AS varchar) IS NULL
            OR count_if(campaign_id = CAST(:campaign_id AS varchar)) > 0
        )
),

ranked_bursts AS (
    SELECT
        *,
        row_number() OVER (ORDER BY clicks DESC, first_click_at DESC, clicker ASC) AS place,
        count(*) OVER () AS bursts
    FROM bursts
)

SELECT
    user_id,
    first_click_at,
    CAST(burst_ms AS decimal(18, 3)) / 1000 AS burst_seconds,
    clicks,
    impressions,
    campaigns,
    bursts
FROM ranked_bursts
WHERE place <= coalesce(CAST(:most AS bigint), place)
ORDER BY place
