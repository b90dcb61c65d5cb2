-- Offending campaigns: a gap or an overlap between versions, an empty one, none or two current ones.
-- Parameters: table_snapshot, row_limit.
WITH neighbours AS (
    SELECT
        campaign_id,
        campaign_key,
        start_ts,
        end_ts,
        is_current,
        lead(start_ts) OVER (PARTITION BY campaign_id ORDER BY start_ts ASC, end_ts ASC) AS next_start
    FROM lakehouse.dims.dim_campaigns FOR VERSION AS OF :table_snapshot
)

SELECT
    campaign_id,
    count_if(is_current) AS current_versions,
    count_if(start_ts >= end_ts) AS empty_versions,
    count_if(next_start > end_ts) AS gaps,
    count_if(next_start < end_ts) AS overlaps,
    count(*) - count(DISTINCT campaign_key) AS repeated_keys
FROM neighbours
GROUP BY campaign_id
HAVING
    count_if(is_current) <> 1
    OR count_if(start_ts >= end_ts) > 0
    OR count_if(next_start <> end_ts) > 0
    OR count(*) <> count(DISTINCT campaign_key)
ORDER BY campaign_id
LIMIT :row_limit
