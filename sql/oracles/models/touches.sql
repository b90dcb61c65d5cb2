-- Every ad that somebody was shown, with the moments at which it touched him: seen and clicked.
-- Grain: one row per impression_id that was seen or clicked. One moment alone is both of them here.
-- Reads a relation `gold_rows` with the columns of the law: Gold, or what the law gives.
-- visitor_key: whose path the touch is on; an ad shown to nobody known is on a path of its own.
-- campaign_key: never NULL, in the order of campaign_id, NULL before all others.
-- Parameter: timestamp_utc (the engine's type name).
WITH moments AS (
    SELECT
        impression_id,
        user_id,
        campaign_id,
        creative_id,
        date_diff(
            'millisecond', CAST('1970-01-01 00:00:00+00:00' AS :timestamp_utc), coalesce(impression_time, click_time)
        ) AS seen_ms,
        date_diff(
            'millisecond', CAST('1970-01-01 00:00:00+00:00' AS :timestamp_utc), coalesce(click_time, impression_time)
        ) AS clicked_ms
    FROM gold_rows
    WHERE impression_time IS NOT NULL OR click_time IS NOT NULL
)

SELECT
    impression_id,
    coalesce('user ' || user_id, 'impression ' || impression_id) AS visitor_key,
    user_id,
    campaign_id,
    creative_id,
    coalesce('campaign ' || campaign_id, '') AS campaign_key,
    least(seen_ms, clicked_ms) AS earlier_ms,
    greatest(seen_ms, clicked_ms) AS later_ms
FROM moments
