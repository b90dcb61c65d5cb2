-- performance_over_time: delivery, spend and return by the time of the impression.
-- question: How do spend, revenue and the rates develop over time?
-- grain: one row per bucket that has an impression
-- date basis: impression time; a bucket is provisional until its last impression is 7 days old
-- readers: dashboard (campaigns), analysts
-- param bucket minute|hour|day|month|year = hour: length of a bucket
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- include time_range: moment = impression_time
WITH bucket_totals AS (
    SELECT  -- noqa: LT09
        date_trunc(CAST(:bucket AS varchar), impression_time) AS bucket_at,
        max(impression_time) AS last_impression_at,
        count(*) AS impressions,
        count_if(is_clicked) AS clicked_impressions,
        count_if(is_converted) AS converted_impressions,
        coalesce(sum(cost), 0) AS spend,
        coalesce(sum(revenue), 0) AS revenue
    FROM gold.ad_performance_state
    WHERE
        impression_time IS NOT NULL
        AND :time_range
        AND campaign_id = coalesce(CAST(:campaign_id AS varchar), campaign_id)
    GROUP BY 1
)

SELECT
    bucket_at,
    impressions,
    clicked_impressions,
    converted_impressions,
    spend,
    revenue,
    CAST(clicked_impressions AS decimal(38, 9)) / nullif(impressions, 0) AS ctr,
    CAST(converted_impressions AS decimal(38, 9)) / nullif(clicked_impressions, 0) AS cvr,
    CAST(revenue AS decimal(38, 9)) / nullif(spend, 0) AS roas,
    last_impression_at > current_timestamp - INTERVAL '7' DAY AS is_provisional
FROM bucket_totals
ORDER BY 1
