-- Its time begins anew; no row: a newer generation exists.
UPDATE adlake.leases
SET renewed_at = clock_timestamp()
WHERE lease_name = :lease_name AND epoch = :generation
RETURNING epoch
