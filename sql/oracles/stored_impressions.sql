-- Every impression of Gold with the slot it is stored under, at a pinned snapshot.
-- Grain: one row per row of Gold. Parameters: gold_snapshot, gold_part (a condition).
SELECT
    impression_id,
    slot AS stored_slot
FROM lakehouse.gold.ad_performance_state FOR VERSION AS OF :gold_snapshot
WHERE :gold_part
