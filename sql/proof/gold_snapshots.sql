-- Snapshots of Gold with what their commits said of themselves.
-- Grain: one row per snapshot; is_head marks the head of main.
SELECT
    snapshots.snapshot_id,
    snapshots.parent_id,
    snapshots.summary,
    coalesce(refs.name = 'main', FALSE) AS is_head
FROM lakehouse.gold."ad_performance_state$snapshots" AS snapshots
LEFT JOIN lakehouse.gold."ad_performance_state$refs" AS refs
    ON snapshots.snapshot_id = refs.snapshot_id AND refs.name = 'main'
