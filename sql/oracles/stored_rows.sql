-- One slice of Gold at a pinned snapshot: the law's columns, channel and region, and what a row stores beside them.
-- Grain: one row per row of Gold. Parameters: gold_snapshot, slice_count, slice.
-- A row without an impression is of slice 0: nothing gives such a one.
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
    region,
    events_state,
    law_version,
    engaged
FROM lakehouse.gold.ad_performance_state FOR VERSION AS OF :gold_snapshot
WHERE coalesce(mod(crc32(to_utf8(impression_id)), :slice_count), 0) = :slice
