-- What was recorded of every table.
SELECT
    table_namespace || '.' || table_name AS name,
    table_uuid::text AS table_uuid,
    last_sequence,
    head_sequence,
    row_count,
    source_label,
    next_offsets::text AS next_offsets
FROM adlake.table_heads
