-- performance_totals: the headline numbers in one scan.
-- question: What did all campaigns together deliver, cost and earn?
-- grain: one row
-- date basis: impression time; the last 7 days are provisional
-- readers: dashboard (campaigns)
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- param geo_country varchar = NULL: one country; NULL: all
-- param platform varchar = NULL: one platform; NULL: all
-- include time_range: moment = impression_time
-- include chosen_rows
WITH totals AS (
    SELECT
        count(*) AS impressions,
        count_if(is_clicked) AS clicked_impressions,
        count_if(is_converted) AS converted_impressions,
        coalesce(sum(cost), 0) AS spend,
        coalesce(sum(revenue), 0) AS revenue,
        coalesce(sum(revenue_out_of_window), 0) AS revenue_out_of_window,
        sum(CAST(
            if(is_converted, date_diff('millisecond', impression_time, conversion_time)) AS decimal(18, 0)
        )) AS total_lag_ms,
        min(impression_time) AS first_impression_at,
        max(impression_time) AS last_impression_at
    FROM gold.ad_performance_state
    WHERE
        impression_time IS NOT NULL
        AND :time_range
        AND :chosen_rows
)

SELECT
    impressions,
    clicked_impressions,
    converted_impressions,
    spend,
    revenue,
    revenue_out_of_window,
    CAST(clicked_impressions AS decimal(38, 9)) / nullif(impressions, 0) AS ctr,
    CAST(converted_impressions AS decimal(38, 9)) / nullif(clicked_impressions, 0) AS cvr,
    CAST(revenue AS decimal(38, 9)) / nullif(spend, 0) AS roas,
    CAST(total_lag_ms AS decimal(38, 3)) / nullif(1000 * converted_impressions, 0) AS attribution_lag_seconds,
    first_impression_at,
    last_impression_at
FROM totals
