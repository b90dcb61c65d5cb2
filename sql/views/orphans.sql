-- audit.orphans: Gold rows whose impression has not come, six hours after their newest event.
-- grain: one row per impression_id
-- readers: notebooks, audit questions
-- "Now" is the newest last_updated_ts of Gold, so that the answer depends on the data alone.
WITH newest_arrival AS (
    SELECT max(last_updated_ts) AS newest_ts FROM lakehouse.gold.ad_performance_state
)

SELECT
    gold.impression_id,
    gold.campaign_id,
    gold.user_id,
    gold.is_clicked,
    gold.is_converted,
    gold.click_time,
    gold.conversion_time,
    gold.revenue,
    gold.revenue_out_of_window,
    gold.last_updated_ts
FROM lakehouse.gold.ad_performance_state AS gold
CROSS JOIN newest_arrival
WHERE
    gold.impression_time IS NULL
    AND gold.engaged
    AND gold.last_updated_ts < newest_arrival.newest_ts - INTERVAL '6' HOUR
