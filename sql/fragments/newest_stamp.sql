-- newest_stamp: the newest commit on main of a table that says up to which offsets the table goes.
-- arguments: name_of_table (text), history and snapshots (Iceberg's lists of that table).
SELECT
    :name_of_table AS table_name,
    max(committed_at) AS committed_at,
    max_by(summary, committed_at) AS summary
FROM :snapshots
WHERE
    element_at(summary, 'adlake.next-offsets') IS NOT NULL
    AND snapshot_id IN (
        SELECT on_main.snapshot_id
        FROM :history AS on_main
        WHERE on_main.is_current_ancestor
    )
