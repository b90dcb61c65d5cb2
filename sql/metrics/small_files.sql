-- small_files: how many files of each table are small, and how many deleted rows its readers skip.
-- question: Which table waits for compaction?
-- grain: one row per table that has a file, most small files first
-- date basis: newest commit of each table
-- readers: Grafana (operations)
-- param small_mebibytes integer = 24: a data file below this size is small; compaction of Gold merges those
-- each table: data_files
-- Reads the manifests of every table; table_sizes reads totals alone, and knows no size of a file.
WITH table_files AS (
    SELECT
        table_name,
        count_if(content = 0) AS data_files,
        count_if(content = 0 AND file_size_in_bytes < CAST(:small_mebibytes AS bigint) * 1048576) AS small_files,
        coalesce(sum(file_size_in_bytes) FILTER (WHERE content = 0), 0) AS data_bytes,
        coalesce(sum(record_count) FILTER (WHERE content = 0), 0) AS stored_rows,
        count_if(content > 0) AS delete_files,
        coalesce(sum(record_count) FILTER (WHERE content > 0), 0) AS deleted_rows
    FROM data_files
    GROUP BY table_name
)

SELECT
    table_name,
    data_files,
    small_files,
    CAST(small_files AS decimal(38, 9)) / nullif(data_files, 0) AS small_file_share,
    data_bytes / nullif(data_files, 0) AS mean_file_bytes,
    stored_rows,
    delete_files,
    deleted_rows,
    CAST(deleted_rows AS decimal(38, 9)) / nullif(stored_rows, 0) AS deleted_share
FROM table_files
ORDER BY small_files DESC, table_name ASC
