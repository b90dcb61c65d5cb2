-- A source epoch is one unbroken history of the topic. When the broker lost records, or the topic
-- was deleted and made again, offsets mean other records than before: an operator starts the next
-- epoch on purpose, and this table says who did it, why, and what was given up. The first epoch has
-- no row.
CREATE TABLE adlake.source_epochs (
    source_epoch BIGINT PRIMARY KEY CHECK (source_epoch > 1),
    topic TEXT NOT NULL,
    topic_id TEXT NOT NULL,
    start_offsets JSONB NOT NULL,
    contained_offsets JSONB NOT NULL,
    finding TEXT NOT NULL,
    reason TEXT NOT NULL,
    declared_by TEXT NOT NULL,
    declared_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
);

COMMENT ON COLUMN adlake.source_epochs.start_offsets IS
'partition -> first offset read in this epoch';
COMMENT ON COLUMN adlake.source_epochs.contained_offsets IS
'partition -> first offset of the epoch before that the lake does not contain';
