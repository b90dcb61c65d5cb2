-- As touched_rows, but as the last proof found them. Reads `proven_slice` and `touched_impressions`.
-- Grain: one row per row of Gold then.
SELECT proven_slice.*
FROM proven_slice
WHERE coalesce(proven_slice.impression_id, '') IN (SELECT touched.impression_id FROM touched_impressions AS touched)
