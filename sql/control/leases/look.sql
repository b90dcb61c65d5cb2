-- A lease as it is, and how long its time still runs by the clock of the database.
SELECT
    epoch AS generation,
    holder,
    is_released,
    renewed_at,
    taken_at,
    ttl_seconds,
    CAST(
        extract(EPOCH FROM renewed_at + make_interval(secs => ttl_seconds) - clock_timestamp())
        AS DOUBLE PRECISION
    ) AS seconds_left
FROM adlake.leases
WHERE lease_name = :lease_name
