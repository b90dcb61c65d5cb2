-- Offending rows: in gold.account_contents but not in the oracle, or the other way round.
-- Reads a relation `account_contents`. Parameters: table_snapshot, row_limit.
WITH stored AS (
    SELECT
        event_type,
        owner,
        counted_id,
        ts_ms,
        micros,
        content,
        ingest_ms,
        kafka_partition,
        kafka_offset,
        advertiser_id,
        advertiser,
        ad_id,
        campaign_id,
        impression_id,
        click_id,
        budget_micros,
        period,
        status,
        time_zone,
        flight_start_ms,
        flight_end_ms
    FROM lakehouse.gold.account_contents FOR VERSION AS OF :table_snapshot
),

expected AS (
    SELECT
        event_type,
        IF(event_type = 'AD_CLICK', advertiser_id, '') AS owner,
        counted_id,
        ts_ms,
        micros,
        content,
        CAST(to_unixtime(ingest_ts) * 1000 AS BIGINT) AS ingest_ms,
        kafka_partition,
        kafka_offset,
        advertiser_id,
        advertiser,
        ad_id,
        campaign_id,
        impression_id,
        click_id,
        IF(event_type = 'BUDGET_CHANGE', micros, budget_micros) AS budget_micros,
        coalesce(period, 'DAILY') AS period,
        status,
        time_zone,
        flight_start_ms,
        flight_end_ms
    FROM account_contents
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
ORDER BY advertiser_id ASC, counted_id ASC, side ASC
LIMIT :row_limit
