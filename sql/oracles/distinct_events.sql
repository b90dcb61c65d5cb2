-- Every event behind the admitted deliveries, with the part of its winning content that counts.
-- Grain: one row per (impression_id, event_id). The winner is the smallest content, and time, type
-- rank and micros are its first three parts, so their minimum as one value is the winner's.
-- Reads the relation `admitted_deliveries`.
WITH smallest_contents AS (
    SELECT
        impression_id,
        event_id,
        min(ROW(ts_ms, type_rank, micros)) AS content,
        count(*) AS deliveries,
        count_if(NOT is_header_exact) AS inexact_headers
    FROM admitted_deliveries
    GROUP BY impression_id, event_id
)

SELECT
    impression_id,
    event_id,
    content[1] AS ts_ms,
    content[2] AS type_rank,
    content[3] AS micros,
    deliveries,
    inexact_headers
FROM smallest_contents
