-- Offending rows: in gold.spend_ledger but not in the oracle, or the other way round.
-- Reads a relation `billed_clicks`, once. Parameters: table_snapshot, row_limit.
-- include billed_click_columns
WITH both_sides AS (
    SELECT
        :billed_click_columns,
        1 AS copies
    FROM lakehouse.gold.spend_ledger FOR VERSION AS OF :table_snapshot
    UNION ALL
    SELECT
        :billed_click_columns,
        -1 AS copies
    FROM billed_clicks
),

differing AS (
    SELECT
        :billed_click_columns,
        sum(copies) AS too_many
    FROM both_sides
    GROUP BY
        :billed_click_columns
    HAVING sum(copies) <> 0
)

SELECT
    IF(too_many > 0, 'stored, but not what the records give', 'given by the records, but not stored') AS side,
    :billed_click_columns
FROM differing
ORDER BY advertiser_id ASC, click_id ASC, side ASC
LIMIT :row_limit
