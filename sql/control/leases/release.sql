-- The next driver may start at once.
UPDATE adlake.leases
SET is_released = TRUE
WHERE lease_name = :lease_name AND epoch = :generation
