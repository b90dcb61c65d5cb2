-- Offending rows: events that Gold stores otherwise than the admitted deliveries give them.
-- Both sides of an event come together: `gold_copies` 1 is Gold, `expected_copies` 1 the oracle.
-- Reads the relations `stored_events` and `event_contents`. Parameter: row_limit.
WITH both_sides AS (
    SELECT
        stored_events.*,
        1 AS gold_copies,
        0 AS expected_copies
    FROM stored_events
    UNION ALL
    SELECT
        impression_id,
        event_id,
        ts_ms,
        type_rank,
        micros,
        campaign_id,
        creative_id,
        user_id,
        geo_country,
        platform,
        first_ingest_ms,
        channel,
        region,
        0 AS gold_copies,
        1 AS expected_copies
    FROM event_contents
)

SELECT
    impression_id,
    event_id,
    ts_ms,
    type_rank,
    micros,
    campaign_id,
    creative_id,
    user_id,
    geo_country,
    platform,
    first_ingest_ms,
    channel,
    region,
    sum(gold_copies) AS gold_copies,
    sum(expected_copies) AS expected_copies
FROM both_sides
GROUP BY
    impression_id,
    event_id,
    ts_ms,
    type_rank,
    micros,
    campaign_id,
    creative_id,
    user_id,
    geo_country,
    platform,
    first_ingest_ms,
    channel,
    region
HAVING sum(gold_copies) <> sum(expected_copies)
ORDER BY impression_id ASC, event_id ASC, gold_copies ASC
LIMIT :row_limit
