-- Rows of Gold of touched impressions, as they are now. Reads `slice_rows` and `touched_impressions`.
-- Grain: one row per row of Gold.
SELECT slice_rows.*
FROM slice_rows
WHERE coalesce(slice_rows.impression_id, '') IN (SELECT touched.impression_id FROM touched_impressions AS touched)
