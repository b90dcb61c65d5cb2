-- Billed clicks that are general invalid traffic and not credited in full: each comes so soon after another click on
-- its impression that no person made it (as in the metric double_clicks).
-- Grain: one row per (advertiser_id, click_id). Parameters: repeat_ms, row_limit.
-- A click is billed under the event id of the CLICK. One event id under two impressions is judged where the billed
-- click says which impression it was, else wherever it is a repeat. The credit has the time of its click, so it is the
-- same whenever it is made.
-- include held_events
WITH engaged_rows AS (
    SELECT
        impression_id,
        :held_events AS events
    FROM lakehouse.gold.ad_performance_state
    WHERE engaged
),

clicks AS (
    SELECT
        state.impression_id,
        event.event_id,
        event.ts_ms - lag(event.ts_ms) OVER (
            PARTITION BY state.impression_id ORDER BY event.ts_ms ASC, event.event_id ASC
        ) AS pause_ms
    FROM engaged_rows AS state
    CROSS JOIN UNNEST(state.events) AS event (event_id, ts_ms, type_rank, user_id)
    WHERE event.type_rank = 1
),

repeats AS (
    SELECT
        impression_id,
        event_id
    FROM clicks
    WHERE pause_ms <= :repeat_ms
)

SELECT DISTINCT
    billed.advertiser_id,
    billed.click_id,
    CAST(billed.amount AS VARCHAR) AS amount,
    CAST(round(to_unixtime(billed.event_time) * 1000) AS BIGINT) AS event_ms
FROM repeats
INNER JOIN lakehouse.gold.spend_ledger AS billed ON repeats.event_id = billed.click_id
WHERE
    coalesce(billed.impression_id, repeats.impression_id) = repeats.impression_id
    AND billed.credit_amount < billed.amount
ORDER BY billed.advertiser_id ASC, billed.click_id ASC
LIMIT :row_limit
