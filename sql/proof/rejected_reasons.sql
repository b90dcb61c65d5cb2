-- Deliveries in Bronze by what admission said of them; reject_reason NULL is admitted.
-- Grain: one row per reason. Parameter: bronze_snapshot.
SELECT
    reject_reason,
    count(*) AS deliveries
FROM lakehouse.bronze.ad_events FOR VERSION AS OF :bronze_snapshot
GROUP BY reject_reason
ORDER BY reject_reason ASC NULLS FIRST
