-- Corrections to publish, locked so that no other replay sends them.
SELECT *
FROM adlake.quarantine_fixes
WHERE status = 'pending'
ORDER BY fix_id
FOR UPDATE
