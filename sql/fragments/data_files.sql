-- data_files: the files of a table's newest snapshot on main.
-- arguments: name_of_table (text), files (Iceberg's list of them).
SELECT
    :name_of_table AS table_name,
    content,
    record_count,
    file_size_in_bytes
FROM :files
