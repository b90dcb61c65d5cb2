-- Offending rows: in dims.dim_campaigns but not in the oracle, or the other way round.
-- Reads a relation `campaign_versions`. Parameters: table_snapshot, row_limit.
-- Rows that were loaded from a file before there were updates (updates_state NULL) are no part of it;
-- they give way to the first update of their campaign.
WITH stored AS (
    SELECT
        campaign_key,
        campaign_id,
        name,
        advertiser_id,
        channel,
        objective,
        budget_type,
        budget_amount,
        status,
        start_ts,
        end_ts,
        is_current
    FROM lakehouse.dims.dim_campaigns FOR VERSION AS OF :table_snapshot
    WHERE updates_state IS NOT NULL
),

only_stored AS (
    SELECT * FROM stored
    EXCEPT ALL
    SELECT * FROM campaign_versions
),

only_expected AS (
    SELECT * FROM campaign_versions
    EXCEPT ALL
    SELECT * FROM stored
)

SELECT
    'stored, but not what the updates give' AS side,
    *
FROM only_stored
UNION ALL
SELECT
    'given by the updates, but not stored' AS side,
    *
FROM only_expected
ORDER BY campaign_id ASC, start_ts ASC, side ASC
LIMIT :row_limit
