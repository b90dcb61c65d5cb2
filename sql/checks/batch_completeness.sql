-- Offending rows: batches whose verdicts Bronze does not hold any more: offsets = admitted + rejected + empty
-- and admitted = applied + duplicates, by the batch's own count, Bronze's rows and Gold's events.
-- Reads all of Bronze and of Gold.
-- Parameter: row_limit.
SELECT
    kafka_topic,
    kafka_partition,
    first_offset,
    next_offset,
    admitted,
    rejected,
    applied,
    duplicates,
    held_admitted,
    held_rejected,
    epoch AS lease_generation,
    batch_id
FROM lakehouse.audit.batch_completeness
WHERE NOT is_complete
ORDER BY kafka_topic ASC, kafka_partition ASC, first_offset ASC
LIMIT :row_limit
