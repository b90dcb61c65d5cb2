-- bucketed_impressions: impressions at or after :since and before :until by :bucket, to be added up; a relation.
-- include first_whole_hour
-- include end_of_whole_hours
-- include time_range: moment = impression_time
-- As summed_impressions, with the bucket that they lie in. Of minutes there are no sums: then all is read from Gold.
-- cell_at: the hour (of minutes: the minute) within the bucket. newest_at: no impression of the row is younger; of an
-- hour that is its last millisecond.
SELECT
    date_trunc(CAST(:bucket AS varchar), hour_at) AS bucket_at,
    hour_at AS cell_at,
    hour_at + INTERVAL '3599.999' SECOND AS newest_at,
    campaign_id,
    geo_country,
    platform,
    impressions,
    clicked_impressions,
    converted_impressions,
    cost,
    revenue
FROM gold.rollup_hourly
WHERE
    date_basis = 'impression'
    AND CAST(:bucket AS varchar) <> 'minute'
    AND hour_at >= :first_whole_hour
    AND hour_at < :end_of_whole_hours
UNION ALL
SELECT
    date_trunc(CAST(:bucket AS varchar), impression_time) AS bucket_at,
    date_trunc(CASE WHEN CAST(:bucket AS varchar) = 'minute' THEN 'minute' ELSE 'hour' END, impression_time) AS cell_at,
    impression_time AS newest_at,
    campaign_id,
    geo_country,
    platform,
    1 AS impressions,
    CASE WHEN is_clicked THEN 1 ELSE 0 END AS clicked_impressions,
    CASE WHEN is_converted THEN 1 ELSE 0 END AS converted_impressions,
    coalesce(cost, 0) AS cost,
    revenue
FROM gold.ad_performance_state
WHERE
    :time_range
    AND (
        CAST(:bucket AS varchar) = 'minute'
        OR impression_time < :first_whole_hour
        OR impression_time >= :end_of_whole_hours
    )
