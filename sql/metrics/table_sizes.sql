-- table_sizes: rows, files and bytes of every table of the lake.
-- question: How big are the tables, and how much waits for compaction?
-- grain: one row per table
-- date basis: newest commit of each table
-- readers: dashboard (operations)
-- each table: table_totals
-- stored_rows counts superseded rows too; delete_marks says how many are superseded.
-- Read from the totals that Iceberg keeps in each snapshot: "$files" would open every manifest.
SELECT
    table_name,
    coalesce(CAST(element_at(summary, 'total-records') AS bigint), 0) AS stored_rows,
    coalesce(CAST(element_at(summary, 'total-position-deletes') AS bigint), 0) AS delete_marks,
    coalesce(CAST(element_at(summary, 'total-data-files') AS bigint), 0) AS data_files,
    coalesce(CAST(element_at(summary, 'total-delete-files') AS bigint), 0) AS delete_files,
    coalesce(CAST(element_at(summary, 'total-files-size') AS bigint), 0) AS total_bytes,
    committed_at
FROM table_totals
ORDER BY table_name
