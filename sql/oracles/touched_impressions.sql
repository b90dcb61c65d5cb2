-- Impressions of one slice that may be other ones than at the last proof: those of new deliveries, and those of
-- every data file of Gold that came, went, or has other deletes than then (io/iceberg/file_changes.py).
-- Grain: one row per impression_id; '' for rows without one, which no delivery gives.
-- Parameters: bronze_snapshot, bronze_part (a condition), proven_snapshot, changed_before, gold_snapshot,
-- changed_now (lists of paths), slice_count, slice.
SELECT impression_id
FROM lakehouse.bronze.ad_events FOR VERSION AS OF :bronze_snapshot
WHERE
    reject_reason IS NULL
    AND :bronze_part
    AND mod(crc32(to_utf8(impression_id)), :slice_count) = :slice
UNION
SELECT coalesce(impression_id, '') AS impression_id
FROM lakehouse.gold.ad_performance_state FOR VERSION AS OF :proven_snapshot
WHERE
    "$path" IN (:changed_before)
    AND coalesce(mod(crc32(to_utf8(impression_id)), :slice_count), 0) = :slice
UNION
SELECT coalesce(impression_id, '') AS impression_id
FROM lakehouse.gold.ad_performance_state FOR VERSION AS OF :gold_snapshot
WHERE
    "$path" IN (:changed_now)
    AND coalesce(mod(crc32(to_utf8(impression_id)), :slice_count), 0) = :slice
