-- Offending rows: in gold.funnel_events but not in the oracle, or the other way round.
-- Reads a relation `funnel_events`. Parameters: table_snapshot, row_limit.
WITH stored AS (
    SELECT
        event_type,
        event_id,
        event_time,
        user_id,
        campaign_id,
        channel,
        region,
        impression_id,
        content,
        first_ingest_ts
    FROM lakehouse.gold.funnel_events FOR VERSION AS OF :table_snapshot
),

only_stored AS (
    SELECT * FROM stored
    EXCEPT ALL
    SELECT * FROM funnel_events
),

only_expected AS (
    SELECT * FROM funnel_events
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
ORDER BY event_type ASC, event_id ASC, side ASC
LIMIT :row_limit
