-- Corrections of rejected deliveries, by whom and why, and where they were published as new ones.
CREATE TABLE adlake.quarantine_fixes (
    fix_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kafka_topic TEXT NOT NULL,
    kafka_partition INTEGER NOT NULL,
    kafka_offset BIGINT NOT NULL,
    payload BYTEA NOT NULL,
    impression_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    fixed_by TEXT NOT NULL,
    why TEXT NOT NULL,
    fixed_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'superseded', 'replayed')),
    replayed_at TIMESTAMPTZ,
    replayed_partition INTEGER,
    replayed_offset BIGINT
);

-- One fix of a delivery at a time may wait or have been published.
CREATE UNIQUE INDEX quarantine_fixes_one_per_delivery
ON adlake.quarantine_fixes (kafka_topic, kafka_partition, kafka_offset)
WHERE status <> 'superseded';
