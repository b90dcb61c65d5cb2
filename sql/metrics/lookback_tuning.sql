-- lookback_tuning: what would be attributed under a lookback of one day, two days, and so on.
-- question: How much would a shorter or a longer lookback attribute?
-- grain: one row per lookback in whole days, from 1 to most_days
-- date basis: impression time; the last 7 days are provisional, longer for longer lookbacks
-- readers: analysts, Metabase
-- param most_days integer = 14: the longest lookback that is tried
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- include time_range: moment = impression_time
-- The law with another constant: of each impression the first conversion that a click precedes by at most the
-- lookback. It reads the events of Gold, so the row of the lookback in force is what Gold says, as long as that
-- lookback was the same all the time. `.venv/bin/adlake replay --lookback` makes a whole Gold under another one.
WITH placed_events AS (
    SELECT
        impression_id,
        event_id,
        type_rank,
        ts_ms,
        micros,
        min(CASE WHEN type_rank = 0 THEN event_ts END) OVER (PARTITION BY impression_id) AS impression_time,
        first_value(campaign_id) OVER (
            PARTITION BY impression_id ORDER BY type_rank ASC, ts_ms ASC, event_id ASC
        ) AS donor_campaign_id,
        -- Peers of the current row are in the frame: a click at the conversion's time counts.
        max(CASE WHEN type_rank = 1 THEN ts_ms END) OVER (
            PARTITION BY impression_id ORDER BY ts_ms ASC
            RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS latest_click_ms
    FROM audit.gold_events
    WHERE engaged
),

clicked_conversions AS (
    SELECT
        impression_id,
        event_id,
        ts_ms,
        micros,
        ts_ms - latest_click_ms AS lag_ms
    FROM placed_events
    WHERE
        type_rank = 2
        AND latest_click_ms IS NOT NULL
        AND :time_range
        AND donor_campaign_id = coalesce(CAST(:campaign_id AS varchar), donor_campaign_id)
),

lookbacks AS (
    SELECT tried.lookback_days
    FROM UNNEST(sequence(1, CAST(:most_days AS bigint))) AS tried (lookback_days)
),

eligible_conversions AS (
    SELECT
        lookbacks.lookback_days,
        conversions.micros,
        row_number() OVER (
            PARTITION BY lookbacks.lookback_days, conversions.impression_id
            ORDER BY conversions.ts_ms ASC, conversions.event_id ASC
        ) AS place
    FROM lookbacks
    INNER JOIN clicked_conversions AS conversions ON conversions.lag_ms <= lookbacks.lookback_days * 86400000
),

lookback_totals AS (
    SELECT
        lookbacks.lookback_days,
        count(attributed.micros) AS conversions,
        coalesce(CAST(sum(CAST(attributed.micros AS decimal(38, 0))) * 0.000001 AS decimal(38, 6)), 0) AS revenue
    FROM lookbacks
    LEFT JOIN eligible_conversions AS attributed
        ON lookbacks.lookback_days = attributed.lookback_days AND attributed.place = 1
    GROUP BY lookbacks.lookback_days
)

SELECT
    lookback_days,
    conversions,
    revenue,
    revenue - lag(revenue) OVER (ORDER BY lookback_days) AS revenue_of_this_day,
    CAST(revenue AS decimal(38, 9))
    / nullif(last_value(revenue) OVER (
        ORDER BY lookback_days
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ), 0) AS share_of_longest
FROM lookback_totals
ORDER BY lookback_days
