-- The stored row of one impression: the 18 columns of the law, channel and region.
-- Parameter: impression_id.
SELECT
    impression_id,
    campaign_id,
    creative_id,
    user_id,
    geo_country,
    platform,
    is_clicked,
    is_converted,
    impression_time,
    click_time,
    conversion_time,
    cost,
    revenue,
    eligible,
    late_by_ms,
    is_late,
    revenue_out_of_window,
    last_updated_ts,
    channel,
    region
FROM gold.ad_performance_state
WHERE impression_id = :impression_id
