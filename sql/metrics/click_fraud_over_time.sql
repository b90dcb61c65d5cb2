-- click_fraud_over_time: clicks in bursts, double clicks and conversions that are too fast, by the time they happened.
-- question: When does traffic look as if machines made it?
-- grain: one row per bucket that has a click or an attributed conversion
-- date basis: click time of clicks, conversion time of conversions
-- readers: Grafana (trust), analysts
-- param bucket minute|hour|day|month|year = hour: length of a bucket
-- param burst_clicks integer = 5: so many clicks make a burst
-- param burst_pause_ms integer = 3000: longest pause between two clicks of one run, in milliseconds
-- param double_click_ms integer = 1000: longest time from the click before on that impression, in milliseconds
-- param fast_conversion_ms integer = 1000: shortest time from the click that a person needs, in milliseconds
-- param since timestamp = NULL: events at or after this time; NULL: from the beginning
-- param until timestamp = NULL: events before this time; NULL: to the end
-- include held_events
-- include changed_since
-- include time_range: moment = happened_at
-- The same clicks and conversions as in click_bursts, double_clicks and fast_conversions, which say whose they are.
-- One click can be in a burst and a double click.
WITH engaged_rows AS (
    SELECT
        impression_id,
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
        event.event_id,
        event.ts_ms AS clicked_ms,
        lag(event.ts_ms) OVER (
            PARTITION BY state.impression_id ORDER BY event.ts_ms ASC, event.event_id ASC
        ) AS previous_on_impression_ms,
        coalesce('user ' || coalesce(event.user_id, state.user_id), 'impression ' || state.impression_id)
            AS clicker,
        CAST(from_unixtime_nanos(CAST(event.ts_ms AS decimal(38, 0)) * 1000000) AS timestamp(6) with time zone)
            AS happened_at
    FROM engaged_rows AS state
    CROSS JOIN UNNEST(state.events) AS event (event_id, ts_ms, type_rank, user_id)
    WHERE event.type_rank = 1
),

spaced_clicks AS (
    SELECT
        *,
        clicked_ms - lag(clicked_ms) OVER (
            PARTITION BY clicker ORDER BY clicked_ms ASC, impression_id ASC, event_id ASC
        ) AS pause_ms
    FROM clicks
    WHERE :time_range
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

judged_events AS (
    SELECT
        happened_at,
        1 AS clicks,
        if(
            count(*) OVER (PARTITION BY clicker, run_number) >= CAST(:burst_clicks AS bigint), 1, 0
        ) AS burst_clicks,
        if(clicked_ms - previous_on_impression_ms <= CAST(:double_click_ms AS bigint), 1, 0) AS double_clicks,
        0 AS conversions,
        0 AS fast_conversions
    FROM run_clicks
    UNION ALL
    SELECT
        happened_at,
        0 AS clicks,
        0 AS burst_clicks,
        0 AS double_clicks,
        1 AS conversions,
        if(
            date_diff('millisecond', click_time, happened_at) < CAST(:fast_conversion_ms AS bigint), 1, 0
        ) AS fast_conversions
    FROM (
        SELECT
            click_time,
            conversion_time AS happened_at
        FROM gold.ad_performance_state
        WHERE
            is_converted
            AND engaged
    ) AS conversions
    WHERE :time_range
)

SELECT  -- noqa: LT09
    date_trunc(CAST(:bucket AS varchar), happened_at) AS bucket_at,
    sum(clicks) AS clicks,
    sum(burst_clicks) AS burst_clicks,
    sum(double_clicks) AS double_clicks,
    sum(conversions) AS conversions,
    sum(fast_conversions) AS fast_conversions
FROM judged_events
GROUP BY 1
ORDER BY 1
