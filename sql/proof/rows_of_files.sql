-- How many rows the changed data files of Gold hold, then and now; and how many all of Gold holds now.
-- Grain: one row. Parameters: proven_snapshot, changed_before, gold_snapshot, changed_now (lists of paths).
WITH counted AS (
    SELECT
        'before' AS part,
        count(*) AS row_count
    FROM lakehouse.gold.ad_performance_state FOR VERSION AS OF :proven_snapshot
    WHERE "$path" IN (:changed_before)
    UNION ALL
    SELECT
        'now' AS part,
        count(*) AS row_count
    FROM lakehouse.gold.ad_performance_state FOR VERSION AS OF :gold_snapshot
    WHERE "$path" IN (:changed_now)
    UNION ALL
    SELECT
        'all' AS part,
        count(*) AS row_count
    FROM lakehouse.gold.ad_performance_state FOR VERSION AS OF :gold_snapshot
)

SELECT
    sum(row_count) FILTER (WHERE part = 'before') AS rows_before,
    sum(row_count) FILTER (WHERE part = 'now') AS rows_now,
    sum(row_count) FILTER (WHERE part = 'all') AS all_rows
FROM counted
