-- What the models read of Gold, at a pinned snapshot.
-- Grain: one row per row of Gold. Parameter: source_snapshot.
SELECT
    impression_id,
    user_id,
    campaign_id,
    creative_id,
    impression_time,
    click_time,
    conversion_time,
    is_converted,
    revenue
FROM lakehouse.gold.ad_performance_state FOR VERSION AS OF :source_snapshot
