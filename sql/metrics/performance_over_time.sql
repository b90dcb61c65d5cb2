-- performance_over_time: delivery, spend and return by the time of the impression.
-- question: How do spend, revenue and the rates develop over time?
-- grain: one row per bucket that has an impression
-- date basis: impression time; a bucket is provisional until its last hour is a lookback old
-- readers: dashboard (campaigns), analysts
-- param bucket minute|hour|day|month|year = hour: length of a bucket
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- param geo_country varchar = NULL: one country; NULL: all
-- param platform varchar = NULL: one platform; NULL: all
-- relation observation
-- relation bucketed_impressions
-- include chosen_rows
WITH bucket_totals AS (
    SELECT
        bucket_at,
        max(newest_at) AS newest_at,
        sum(impressions) AS impressions,
        sum(clicked_impressions) AS clicked_impressions,
        sum(converted_impressions) AS converted_impressions,
        sum(cost) AS spend,
        sum(revenue) AS revenue
    FROM bucketed_impressions
    WHERE :chosen_rows
    GROUP BY bucket_at
    HAVING sum(impressions) > 0
)

SELECT
    bucket_totals.bucket_at,
    bucket_totals.impressions,
    bucket_totals.clicked_impressions,
    bucket_totals.converted_impressions,
    bucket_totals.spend,
    bucket_totals.revenue,
    CAST(bucket_totals.clicked_impressions AS decimal(38, 9)) / nullif(bucket_totals.impressions, 0) AS ctr,
    CAST(bucket_totals.converted_impressions AS decimal(38, 9)) / nullif(bucket_totals.clicked_impressions, 0) AS cvr,
    CAST(bucket_totals.revenue AS decimal(38, 9)) / nullif(bucket_totals.spend, 0) AS roas,
    bucket_totals.newest_at > observation.mature_until AS is_provisional
FROM bucket_totals
CROSS JOIN observation
ORDER BY bucket_totals.bucket_at
