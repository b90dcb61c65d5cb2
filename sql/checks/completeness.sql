-- Offending rows: places where the books of the stream do not close (docs/data-model.md).
-- Cheap: reads the ledger, not Bronze. Parameter: row_limit.
SELECT
    gap,
    kafka_topic,
    kafka_partition,
    first_offset,
    next_offset,
    missing,
    epoch,
    batch_id,
    committed_at
FROM lakehouse.audit.completeness_gaps
ORDER BY committed_at ASC, kafka_partition ASC, gap ASC
LIMIT :row_limit
