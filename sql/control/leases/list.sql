-- Every lease: its newest generation, and whether somebody holds it by the clock of the database.
SELECT
    lease_name,
    epoch AS generation,
    NOT is_released
    AND renewed_at + make_interval(secs => ttl_seconds) > clock_timestamp() AS is_held
FROM adlake.leases
