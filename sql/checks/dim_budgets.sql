-- Offending rows: in dims.dim_budgets but not in the oracle, or the other way round.
-- Reads relations `known_budgets`. Parameters: table_snapshot, row_limit, timestamp_utc.
WITH stored AS (
    SELECT
        budget_key,
        advertiser_id,
        budget_value,
        period,
        start_ts,
        end_ts,
        is_current
    FROM lakehouse.dims.dim_budgets FOR VERSION AS OF :table_snapshot
),

expected AS (
    SELECT
        from_base(
            substr(to_hex(md5(to_utf8(advertiser_id || '|' || CAST(start_ms AS VARCHAR)))), 1, 15), 16
        ) AS budget_key,
        advertiser_id,
        CAST(CAST(micros AS DECIMAL(20, 0)) / 1000000.000000 AS DECIMAL(18, 6)) AS budget_value,
        period,
        CAST(from_unixtime_nanos(start_ms * CAST(1000000 AS DECIMAL(20, 0))) AS :timestamp_utc) AS start_ts,
        CASE
            WHEN end_ms IS NULL THEN CAST('9999-12-31 00:00:00+00:00' AS :timestamp_utc)
            ELSE CAST(from_unixtime_nanos(end_ms * CAST(1000000 AS DECIMAL(20, 0))) AS :timestamp_utc)
        END AS end_ts,
        end_ms IS NULL AS is_current
    FROM known_budgets
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
ORDER BY advertiser_id ASC, start_ts ASC, side ASC
LIMIT :row_limit
