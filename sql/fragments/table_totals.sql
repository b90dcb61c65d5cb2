-- table_totals: what Iceberg says of a table's newest snapshot on main.
-- arguments: name_of_table (text), history and snapshots (Iceberg's lists of that table).
SELECT
    :name_of_table AS table_name,
    max(committed_at) AS committed_at,
    max_by(summary, committed_at) AS summary
FROM :snapshots
WHERE
    snapshot_id IN (
        SELECT max_by(heads.snapshot_id, heads.made_current_at)
        FROM :history AS heads
        WHERE heads.is_current_ancestor
    )
