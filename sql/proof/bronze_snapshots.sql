-- Snapshots of Bronze with what their commits said of themselves. Grain: one row per snapshot.
SELECT
    snapshot_id,
    parent_id,
    summary
FROM lakehouse.bronze."ad_events$snapshots"
