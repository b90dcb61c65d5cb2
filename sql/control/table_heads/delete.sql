-- Forget what was recorded of a table.
DELETE FROM adlake.table_heads
WHERE table_namespace = :table_namespace AND table_name = :table_name
