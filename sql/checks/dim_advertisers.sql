-- Offending rows: in dims.dim_advertisers but not in the oracle, or the other way round.
-- Reads relations `known_advertisers`. Parameters: table_snapshot, row_limit, timestamp_utc.
WITH stored AS (
    SELECT
        advertiser_key,
        advertiser_id,
        advertiser,
        status,
        time_zone,
        flight_start,
        flight_end,
        start_ts,
        end_ts,
        is_current
    FROM lakehouse.dims.dim_advertisers FOR VERSION AS OF :table_snapshot
),

expected AS (
    SELECT
        from_base(
            substr(to_hex(md5(to_utf8(advertiser_id || '|' || CAST(start_ms AS VARCHAR)))), 1, 15), 16
        ) AS advertiser_key,
        advertiser_id,
        coalesce(advertiser, advertiser_id) AS advertiser,
        status,
        time_zone,
        CAST(from_unixtime_nanos(flight_start_ms * CAST(1000000 AS DECIMAL(20, 0))) AS :timestamp_utc) AS flight_start,
        CAST(from_unixtime_nanos(flight_end_ms * CAST(1000000 AS DECIMAL(20, 0))) AS :timestamp_utc) AS flight_end,
        CAST(from_unixtime_nanos(start_ms * CAST(1000000 AS DECIMAL(20, 0))) AS :timestamp_utc) AS start_ts,
        CASE
            WHEN end_ms IS NULL THEN CAST('9999-12-31 00:00:00+00:00' AS :timestamp_utc)
            ELSE CAST(from_unixtime_nanos(end_ms * CAST(1000000 AS DECIMAL(20, 0))) AS :timestamp_utc)
        END AS end_ts,
        end_ms IS NULL AS is_current
    FROM known_advertisers
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
