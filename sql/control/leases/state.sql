-- Until the transaction ends, its connection states what the last holder of a table's lease would.
SELECT
    set_config('adlake.lease_name', coalesce(leases.lease_name, ''), TRUE) AS stated_name,
    set_config('adlake.lease_epoch', coalesce(CAST(leases.epoch AS TEXT), ''), TRUE) AS stated_generation
FROM (SELECT adlake.lease_of(:table_namespace, :table_name) AS lease_name) AS wanted
LEFT JOIN adlake.leases ON wanted.lease_name = leases.lease_name
