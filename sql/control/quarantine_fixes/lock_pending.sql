-- Corrections to publish, locked so that no other command sends them.
SELECT *
FROM adlake.quarantine_fixes
WHERE status = 'pending'
ORDER BY fix_id
FOR UPDATE
