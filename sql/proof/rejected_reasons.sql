-- Deliveries in Bronze by what admission said of them; reject_reason NULL is admitted.
-- Grain: one row per reason. Parameters: records (the table), bronze_snapshot, bronze_part (a condition).
SELECT
    reject_reason,
    count(*) AS deliveries
FROM :records FOR VERSION AS OF :bronze_snapshot
WHERE :bronze_part
GROUP BY reject_reason
ORDER BY reject_reason ASC NULLS FIRST
