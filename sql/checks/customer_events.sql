-- Offending rows: in gold.customer_events but not in the oracle, or the other way round.
-- Reads a relation `customer_events`. Parameters: table_snapshot, row_limit.
-- include customer_event_columns
WITH stored AS (
    SELECT :customer_event_columns
    FROM lakehouse.gold.customer_events FOR VERSION AS OF :table_snapshot
),

only_stored AS (
    SELECT * FROM stored
    EXCEPT ALL
    SELECT * FROM customer_events
),

only_expected AS (
    SELECT * FROM customer_events
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
ORDER BY event_type ASC, counted_id ASC, user_id ASC, side ASC
LIMIT :row_limit
