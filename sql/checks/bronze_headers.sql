-- Offending rows: admitted deliveries whose header columns are not those of their payload.
-- Reads the relation `admitted_deliveries`. Parameter: row_limit.
SELECT
    impression_id,
    event_id,
    ts_ms,
    ingest_ms
FROM admitted_deliveries
WHERE NOT is_header_exact
ORDER BY impression_id ASC, event_id ASC, ingest_ms ASC
LIMIT :row_limit
