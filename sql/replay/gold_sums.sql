-- Exact sums over one version of Gold or of its replay, by campaign and day.
-- Grain: one row per campaign_id and impression date (UTC); NULL date: the impression never came.
-- Parameters: gold_table, gold_snapshot, first_slot, end_slot (exclusive).
-- Runs unchanged on Spark and on Trino.
SELECT
    campaign_id,
    CAST(impression_time AS DATE) AS impression_date,
    count(*) AS row_count,
    CAST(coalesce(sum(cost), 0) AS DECIMAL(38, 6)) AS cost,
    CAST(sum(revenue) AS DECIMAL(38, 6)) AS revenue
FROM :gold_table FOR VERSION AS OF :gold_snapshot
WHERE slot >= :first_slot AND slot < :end_slot
GROUP BY campaign_id, CAST(impression_time AS DATE)
