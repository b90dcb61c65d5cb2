-- What is known of a table now, in place of what was.
INSERT INTO adlake.table_heads (
    table_namespace, table_name, table_uuid, last_sequence, head_sequence, row_count, source_label,
    next_offsets
)
VALUES (
    :table_namespace, :table_name, :table_uuid, :last_sequence, :head_sequence, :row_count,
    :source_label, :next_offsets
)
ON CONFLICT (table_namespace, table_name) DO UPDATE
    SET
        table_uuid = excluded.table_uuid,
        last_sequence = excluded.last_sequence,
        head_sequence = excluded.head_sequence,
        row_count = excluded.row_count,
        source_label = excluded.source_label,
        next_offsets = excluded.next_offsets,
        recorded_at = clock_timestamp()
