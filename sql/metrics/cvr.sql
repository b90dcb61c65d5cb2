-- cvr: share of clicked impressions that converted.
-- question: How many of the clicked impressions led to an attributed conversion?
-- grain: one row
-- date basis: impression time; the last 7 days are provisional
-- readers: analysts, KPI alerts
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- include time_range: moment = impression_time
WITH totals AS (
    SELECT
        count_if(is_clicked) AS clicked_impressions,
        count_if(is_converted) AS converted_impressions
    FROM gold.ad_performance_state
    WHERE
        impression_time IS NOT NULL
        AND :time_range
        AND campaign_id = coalesce(CAST(:campaign_id AS varchar), campaign_id)
)

SELECT
    clicked_impressions,
    converted_impressions,
    CAST(converted_impressions AS decimal(38, 9)) / nullif(clicked_impressions, 0) AS cvr
FROM totals
