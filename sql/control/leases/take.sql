-- The next generation and its holder.
UPDATE adlake.leases
SET
    epoch = :generation,
    holder = :holder,
    renewed_at = clock_timestamp(),
    taken_at = clock_timestamp(),
    ttl_seconds = :ttl_seconds,
    is_released = FALSE
WHERE lease_name = :lease_name
