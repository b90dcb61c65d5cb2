-- Where a correction was published.
UPDATE adlake.quarantine_fixes
SET
    status = 'replayed',
    replayed_at = clock_timestamp(),
    replayed_partition = :new_partition,
    replayed_offset = :new_offset
WHERE fix_id = :fix_id
RETURNING *
