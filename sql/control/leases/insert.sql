-- A lease that nobody has held yet; one that is there stays as it is.
INSERT INTO adlake.leases (lease_name, epoch, holder, renewed_at, ttl_seconds, is_released)
VALUES (:lease_name, 0, 'nobody', to_timestamp(0), 0, TRUE)
ON CONFLICT (lease_name) DO NOTHING
