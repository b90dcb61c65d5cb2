-- summed_impressions: impressions at or after :since and before :until, to be added up; a relation.
-- include first_whole_hour
-- include end_of_whole_hours
-- include time_range: moment = impression_time
-- Hours that lie in the range as a whole come as their sums, from gold.rollup_hourly; the parts of an hour at either
-- end row by row, from Gold. So any range is exact, and of Gold two hours at most are read.
SELECT
    hour_at,
    campaign_id,
    creative_id,
    geo_country,
    platform,
    impressions,
    clicked_impressions,
    converted_impressions,
    cost,
    revenue,
    revenue_out_of_window,
    lag_ms
FROM gold.rollup_hourly
WHERE
    date_basis = 'impression'
    AND hour_at >= :first_whole_hour
    AND hour_at < :end_of_whole_hours
UNION ALL
SELECT
    date_trunc('hour', impression_time) AS hour_at,
    campaign_id,
    creative_id,
    geo_country,
    platform,
    1 AS impressions,
    CASE WHEN is_clicked THEN 1 ELSE 0 END AS clicked_impressions,
    CASE WHEN is_converted THEN 1 ELSE 0 END AS converted_impressions,
    coalesce(cost, 0) AS cost,
    revenue,
    revenue_out_of_window,
    CASE
        WHEN is_converted THEN CAST(date_diff('millisecond', impression_time, conversion_time) AS decimal(38, 0))
        ELSE 0
    END AS lag_ms
FROM gold.ad_performance_state
WHERE
    :time_range
    AND (impression_time < :first_whole_hour OR impression_time >= :end_of_whole_hours)
