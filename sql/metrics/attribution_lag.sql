-- attribution_lag: time from an impression to its attributed conversion, in seconds.
-- question: How long after the impression does the attributed conversion come, on average?
-- grain: one row
-- date basis: impression time; the last 7 days are provisional
-- readers: analysts
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- include time_range: moment = impression_time
WITH lags AS (
    SELECT CAST(date_diff('millisecond', impression_time, conversion_time) AS decimal(18, 0)) AS lag_ms
    FROM gold.ad_performance_state
    WHERE
        is_converted
        AND engaged
        AND impression_time IS NOT NULL
        AND :time_range
        AND campaign_id = coalesce(CAST(:campaign_id AS varchar), campaign_id)
),

totals AS (
    SELECT
        count(*) AS converted_impressions,
        sum(lag_ms) AS total_lag_ms,
        min(lag_ms) AS shortest_lag_ms,
        max(lag_ms) AS longest_lag_ms
    FROM lags
)

SELECT
    converted_impressions,
    CAST(total_lag_ms AS decimal(38, 3)) / nullif(1000 * converted_impressions, 0) AS lag_seconds_avg,
    CAST(shortest_lag_ms AS decimal(21, 3)) / 1000 AS lag_seconds_min,
    CAST(longest_lag_ms AS decimal(21, 3)) / 1000 AS lag_seconds_max
FROM totals
