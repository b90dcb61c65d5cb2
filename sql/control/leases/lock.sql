-- Nobody takes, renews or releases the lease until this transaction ends.
SELECT lease_name
FROM adlake.leases
WHERE lease_name = :lease_name
FOR UPDATE
