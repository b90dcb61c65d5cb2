-- The touches of every path: those of conversions, and those that led to none (conversion_id NULL).
-- Grain: one row per path and touch (impression_id); at_ms is its latest moment that counts for the path.
-- A touch is on the path of each conversion of its visitor within whose lookback it falls, and on that of its
-- own. Touches on no such path make one for each run of a visitor without a gap beyond the lookback.
-- place: 1 is the first of `places` touches, in the order (at_ms, impression_id).
-- Reads the relations `touches` and `conversions`. Parameter: attribution_window_ms, an expression over ts_ms.
WITH matched_touches AS (
    SELECT
        touches.impression_id,
        touches.visitor_key,
        touches.user_id,
        touches.campaign_id,
        touches.creative_id,
        touches.campaign_key,
        conversions.impression_id AS conversion_id,
        conversions.ts_ms AS conversion_ms,
        conversions.micros,
        CASE WHEN touches.later_ms > conversions.ts_ms THEN touches.earlier_ms ELSE touches.later_ms END AS ts_ms
    FROM touches
    LEFT JOIN conversions
        ON
            touches.visitor_key = conversions.visitor_key
            AND touches.earlier_ms <= conversions.ts_ms
            AND (
                touches.impression_id = conversions.impression_id
                OR touches.later_ms BETWEEN conversions.lookback_begin_ms AND conversions.ts_ms
                OR touches.earlier_ms >= conversions.lookback_begin_ms
            )
),

judged_touches AS (
    SELECT
        *,
        coalesce(
            ts_ms - lag(ts_ms) OVER (
                PARTITION BY visitor_key, conversion_id ORDER BY ts_ms ASC, impression_id ASC
            ) > :attribution_window_ms,
            FALSE
        ) AS is_far
    FROM matched_touches
),

placed_touches AS (
    SELECT
        *,
        CASE
            WHEN conversion_id IS NULL
                THEN count(CASE WHEN is_far THEN 1 END) OVER (
                    PARTITION BY visitor_key, conversion_id ORDER BY ts_ms ASC, impression_id ASC
                    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
                )
        END AS run
    FROM judged_touches
)

SELECT
    visitor_key,
    conversion_id,
    run,
    impression_id,
    user_id,
    campaign_id,
    creative_id,
    campaign_key,
    conversion_ms,
    micros,
    ts_ms AS at_ms,
    conversion_ms - ts_ms AS age_ms,
    row_number() OVER (
        PARTITION BY visitor_key, conversion_id, run ORDER BY ts_ms ASC, impression_id ASC
    ) AS place,
    count(*) OVER (PARTITION BY visitor_key, conversion_id, run) AS places
FROM placed_touches
