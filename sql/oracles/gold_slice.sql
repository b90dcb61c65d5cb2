-- The law's columns of one slice of Gold, with channel and region, at a pinned snapshot.
-- Grain: one row per row of Gold. Parameters: gold_snapshot, slice_count, slice.
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
FROM lakehouse.gold.ad_performance_state FOR VERSION AS OF :gold_snapshot
WHERE coalesce(mod(crc32(to_utf8(impression_id)), :slice_count), 0) = :slice
