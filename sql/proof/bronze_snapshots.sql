-- Snapshots of a table of records with what their commits said of themselves.
-- Grain: one row per snapshot; is_head marks the head of main. Parameters: snapshots, refs (tables).
SELECT
    snapshots.snapshot_id,
    snapshots.parent_id,
    snapshots.summary,
    coalesce(refs.name = 'main', FALSE) AS is_head
FROM :snapshots AS snapshots
LEFT JOIN :refs AS refs
    ON snapshots.snapshot_id = refs.snapshot_id AND refs.name = 'main'
