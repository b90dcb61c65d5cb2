-- Offending rows: in gold.spend_ledger but not in the oracle, or the other way round.
-- Reads relations `billed_clicks`. Parameters: table_snapshot, row_limit.
WITH stored AS (
    SELECT
        advertiser_id,
        click_id,
        advertiser,
        ad_id,
        campaign_id,
        impression_id,
        event_time,
        amount,
        credit_amount,
        overdelivery_amount,
        net_amount,
        spend_hour,
        spend_day,
        spend_month,
        last_updated_ts
    FROM lakehouse.gold.spend_ledger FOR VERSION AS OF :table_snapshot
),

expected AS (
    SELECT *
    FROM billed_clicks
),

only_stored AS (
    SELECT * FROM stored
    EXCEPT ALL
    SELECT * FROM expected
),

only_expected AS (
    SELECT * FROM expected
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
ORDER BY advertiser_id ASC, click_id ASC, side ASC
LIMIT :row_limit
