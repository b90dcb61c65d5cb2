-- Every correction that counts, oldest first.
SELECT *
FROM adlake.quarantine_fixes
WHERE status <> 'superseded'
ORDER BY fix_id
