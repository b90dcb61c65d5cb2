-- Offending rows: in gold.advertiser_spend_hourly but not in the oracle, or the other way round.
-- Reads relations `spend_hours`. Parameters: table_snapshot, row_limit.
WITH stored AS (
    SELECT
        advertiser,
        advertiser_id,
        gross_spend,
        valid_spend,
        net_spend,
        credit_amount,
        overdelivery_amount,
        record_count,
        budget_value,
        can_serve,
        window_start,
        window_end,
        spend_hour,
        spend_day,
        spend_month
    FROM lakehouse.gold.advertiser_spend_hourly FOR VERSION AS OF :table_snapshot
),

only_stored AS (
    SELECT * FROM stored
    EXCEPT ALL
    SELECT * FROM spend_hours
),

only_expected AS (
    SELECT * FROM spend_hours
    EXCEPT ALL
    SELECT * FROM stored
)

SELECT
    'stored, but not what the records give' AS side,
    *
FROM only_stored
UNION ALL
SELECT
    'given by the records, but not stored' AS side,
    *
FROM only_expected
ORDER BY advertiser_id ASC, spend_hour ASC, side ASC
LIMIT :row_limit
