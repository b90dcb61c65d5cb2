-- How many rows the changed data files of Gold hold: then, and now.
-- Grain: one row. Parameters: proven_snapshot, changed_before, gold_snapshot, changed_now (lists of paths).
WITH changed_rows AS (
    SELECT count(*) AS row_count
    FROM lakehouse.gold.ad_performance_state FOR VERSION AS OF :proven_snapshot
    WHERE "$path" IN (:changed_before)
    UNION ALL
    SELECT count(*) AS row_count
    FROM lakehouse.gold.ad_performance_state FOR VERSION AS OF :gold_snapshot
    WHERE "$path" IN (:changed_now)
)

SELECT sum(row_count) AS row_count
FROM changed_rows
