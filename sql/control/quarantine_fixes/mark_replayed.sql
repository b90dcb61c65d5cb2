-- Where a correction was published.
UPDATE adlake.quarantine_fixes
SET
    status = 'replayed',
    replayed_at = clock_timestamp(),
    replayed_partition = :replayed_partition,
    replayed_offset = :replayed_offset
WHERE fix_id = :fix_id
RETURNING *
