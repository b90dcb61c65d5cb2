-- Offending rows: impressions with more than one Gold row, in one slice.
-- Parameters: gold_snapshot, slice_count, slice, row_limit.
SELECT
    impression_id,
    count(*) AS gold_rows
FROM lakehouse.gold.ad_performance_state FOR VERSION AS OF :gold_snapshot
WHERE mod(crc32(to_utf8(impression_id)), :slice_count) = :slice
GROUP BY impression_id
HAVING count(*) > 1
ORDER BY impression_id ASC
LIMIT :row_limit
