-- Commits of a table of records that say what their batch counted.
-- Grain: one row per commit. Parameter: snapshots (the table).
SELECT
    element_at(summary, 'adlake.topic') AS kafka_topic,
    committed_at
FROM :snapshots
WHERE element_at(summary, 'adlake.ledger') IS NOT NULL
