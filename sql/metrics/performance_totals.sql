-- performance_totals: the headline numbers; first and last hour: those with an impression.
-- question: What did all campaigns together deliver, cost and earn?
-- grain: one row
-- date basis: impression time; the last 7 days are provisional
-- readers: dashboard (campaigns)
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- param geo_country varchar = NULL: one country; NULL: all
-- param platform varchar = NULL: one platform; NULL: all
-- relation summed_impressions
-- include chosen_rows
WITH hours AS (
    SELECT
        hour_at,
        sum(impressions) AS impressions,
        sum(clicked_impressions) AS clicked_impressions,
        sum(converted_impressions) AS converted_impressions,
        sum(cost) AS spend,
        sum(revenue) AS revenue,
        sum(revenue_out_of_window) AS revenue_out_of_window,
        sum(lag_ms) AS lag_ms
    FROM summed_impressions
    WHERE :chosen_rows
    GROUP BY hour_at
    HAVING sum(impressions) > 0
),

totals AS (
    SELECT
        coalesce(sum(impressions), 0) AS impressions,
        coalesce(sum(clicked_impressions), 0) AS clicked_impressions,
        coalesce(sum(converted_impressions), 0) AS converted_impressions,
        coalesce(sum(spend), 0) AS spend,
        coalesce(sum(revenue), 0) AS revenue,
        coalesce(sum(revenue_out_of_window), 0) AS revenue_out_of_window,
        coalesce(sum(lag_ms), 0) AS total_lag_ms,
        min(hour_at) AS first_hour_at,
        max(hour_at) AS last_hour_at
    FROM hours
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
    first_hour_at,
    last_hour_at
FROM totals
