-- Offending rows: in gold.campaign_removal_effects but not what the SQL form of the chain gives, or the other way
-- round. Reads a relation `removal_effects`, once. Parameters: table_snapshot, row_limit.
WITH both_sides AS (
    SELECT
        'stored' AS side,
        coalesce('campaign ' || campaign_id, '') AS campaign_key,
        CAST(lost AS DECIMAL(38, 12)) * 1000000000000 AS lost,
        CAST(converts AS DECIMAL(38, 12)) * 1000000000000 AS converts
    FROM lakehouse.gold.campaign_removal_effects FOR VERSION AS OF :table_snapshot
    UNION ALL
    SELECT
        'expected' AS side,
        campaign_key,
        lost,
        converts
    FROM removal_effects
),

compared AS (
    SELECT
        campaign_key,
        lost,
        converts,
        count_if(side = 'stored') AS stored_copies,
        count_if(side = 'expected') AS expected_copies
    FROM both_sides
    GROUP BY campaign_key, lost, converts
)

SELECT *
FROM compared
WHERE stored_copies <> expected_copies
ORDER BY campaign_key ASC, stored_copies ASC
LIMIT :row_limit
