-- Advertisers over time, from their status records. What a record does not say goes on as it was.
-- Grain: one row per advertiser_id and moment at which something changed. end_ms: NULL while it holds.
-- Reads a relation `account_events`.
WITH held AS (
    SELECT
        advertiser_id,
        ts_ms,
        counted_id,
        last_value(IF(trim(BOTH ' ' FROM advertiser) <> '', advertiser)) IGNORE NULLS OVER so_far AS advertiser,
        last_value(status) IGNORE NULLS OVER so_far AS status,
        coalesce(last_value(time_zone) IGNORE NULLS OVER so_far, 'UTC') AS time_zone,
        last_value(flight_start_ms) IGNORE NULLS OVER so_far AS flight_start_ms,
        last_value(flight_end_ms) IGNORE NULLS OVER so_far AS flight_end_ms
    FROM account_events
    WHERE event_type = 'ADVERTISER_STATUS'
    WINDOW so_far AS (
        PARTITION BY advertiser_id ORDER BY ts_ms ASC, counted_id ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
),

moments AS (
    SELECT
        advertiser_id,
        ts_ms,
        max_by(ROW(advertiser, status, time_zone, flight_start_ms, flight_end_ms), counted_id) AS said
    FROM held
    GROUP BY advertiser_id, ts_ms
),

beginnings AS (
    SELECT *
    FROM (
        SELECT
            *,
            lag(said) OVER (PARTITION BY advertiser_id ORDER BY ts_ms) AS said_before
        FROM moments
    ) AS seen
    WHERE said_before IS DISTINCT FROM said
)

SELECT
    advertiser_id,
    said[1] AS advertiser,
    said[2] AS status,
    said[3] AS time_zone,
    said[4] AS flight_start_ms,
    said[5] AS flight_end_ms,
    ts_ms AS start_ms,
    lead(ts_ms) OVER (PARTITION BY advertiser_id ORDER BY ts_ms) AS end_ms
FROM beginnings
