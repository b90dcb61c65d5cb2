-- As stored_rows, but of touched impressions alone. Reads the relation `touched_impressions`.
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
    events_state,
    law_version,
    engaged
FROM lakehouse.gold.ad_performance_state FOR VERSION AS OF :gold_snapshot
WHERE
    coalesce(mod(crc32(to_utf8(impression_id)), :slice_count), 0) = :slice
    AND coalesce(impression_id, '') IN (SELECT touched.impression_id FROM touched_impressions AS touched)
