-- table_sizes: rows, files and bytes of the Bronze and Gold tables.
-- question: How big are the tables, and how much waits for compaction?
-- grain: one row per table
-- date basis: newest commit of each table
-- readers: dashboard (operations)
-- stored_rows counts superseded rows too; delete_marks says how many are superseded.
-- Read from the totals that Iceberg keeps in each snapshot: "$files" would open every manifest.
WITH current_snapshots AS (
    SELECT
        'bronze.ad_events' AS table_name,
        max_by(snapshot_id, made_current_at) AS snapshot_id,
        max(made_current_at) AS committed_at
    FROM bronze."ad_events$history"
    WHERE is_current_ancestor
    UNION ALL
    SELECT
        'gold.ad_performance_state' AS table_name,
        max_by(snapshot_id, made_current_at) AS snapshot_id,
        max(made_current_at) AS committed_at
    FROM gold."ad_performance_state$history"
    WHERE is_current_ancestor
),

summaries AS (
    SELECT
        snapshot_id,
        summary
    FROM bronze."ad_events$snapshots"
    UNION ALL
    SELECT
        snapshot_id,
        summary
    FROM gold."ad_performance_state$snapshots"
)

SELECT
    current_snapshots.table_name,
    coalesce(CAST(element_at(summaries.summary, 'total-records') AS bigint), 0) AS stored_rows,
    coalesce(CAST(element_at(summaries.summary, 'total-position-deletes') AS bigint), 0) AS delete_marks,
    coalesce(CAST(element_at(summaries.summary, 'total-data-files') AS bigint), 0) AS data_files,
    coalesce(CAST(element_at(summaries.summary, 'total-delete-files') AS bigint), 0) AS delete_files,
    coalesce(CAST(element_at(summaries.summary, 'total-files-size') AS bigint), 0) AS total_bytes,
    current_snapshots.committed_at
FROM current_snapshots
LEFT JOIN summaries ON current_snapshots.snapshot_id = summaries.snapshot_id
ORDER BY current_snapshots.table_name
