-- data_as_of: when the tables of budgets and of customers were last brought up to what had been delivered.
-- question: How old is what the pages Budgets and Customers say?
-- grain: one row per part: budgets, customers
-- date basis: time of the newest commit on main that says what the table holds; merging files is none
-- readers: API
-- as_of NULL: nothing was written yet.
SELECT
    'budgets' AS part,
    max(committed_at) AS as_of
FROM gold."spend_ledger$snapshots"
WHERE
    (
        element_at(summary, 'adlake.next-offsets') IS NOT NULL
        OR element_at(summary, 'adlake.source-snapshot') IS NOT NULL
    )
    AND snapshot_id IN (
        SELECT on_main.snapshot_id
        FROM gold."spend_ledger$history" AS on_main
        WHERE on_main.is_current_ancestor
    )
UNION ALL
SELECT
    'customers' AS part,
    max(committed_at) AS as_of
FROM gold."customer_360$snapshots"
WHERE
    element_at(summary, 'adlake.next-offsets') IS NOT NULL
    AND snapshot_id IN (
        SELECT on_main.snapshot_id
        FROM gold."customer_360$history" AS on_main
        WHERE on_main.is_current_ancestor
    )
ORDER BY 1
