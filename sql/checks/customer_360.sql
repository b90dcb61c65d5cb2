-- Offending rows: in gold.customer_360 but not in the oracle, or the other way round.
-- Reads a relation `customers`. Parameters: table_snapshot, row_limit.
-- include comparable_history
-- include customer_columns
WITH stored AS (
    SELECT
        :customer_columns,
        as_of_date,
        :comparable_history AS stage_history
    FROM lakehouse.gold.customer_360 FOR VERSION AS OF :table_snapshot
),

expected AS (
    SELECT
        :customer_columns,
        as_of_date,
        :comparable_history AS stage_history
    FROM customers
),

only_stored AS (
    SELECT * FROM stored
    EXCEPT ALL
    SELECT * FROM expected
),

only_expected AS (
    SELECT * FROM expected
    EXCEPT ALL
    SELECT * FROM stored
)

SELECT
    'stored, but not what the records give' AS side,
    *
FROM only_stored
UNION ALL
SELECT
    'given by the records, but not stored' AS side,
    *
FROM only_expected
ORDER BY user_id ASC, side ASC
LIMIT :row_limit
