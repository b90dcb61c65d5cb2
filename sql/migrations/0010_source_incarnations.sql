-- Each topic has its own numbers, and why a history began is a word that code can tell, not a
-- sentence. The rows that are here already know only their sentence: it is read once, now.
ALTER TABLE adlake.source_epochs DROP CONSTRAINT source_epochs_pkey;
ALTER TABLE adlake.source_epochs ADD PRIMARY KEY (topic, source_epoch);

ALTER TABLE adlake.source_epochs ADD COLUMN kind TEXT;

UPDATE adlake.source_epochs SET
    kind = CASE
        WHEN finding LIKE '%it was deleted and made again%' THEN 'recreated'
        WHEN finding LIKE '%lost its tail%' THEN 'lost_tail'
        WHEN finding LIKE '%retention deleted records%' THEN 'retention_gap'
        ELSE 'declared'
    END;

ALTER TABLE adlake.source_epochs
ALTER COLUMN kind SET NOT NULL,
ADD CONSTRAINT source_epochs_kind
CHECK (kind IN ('recreated', 'lost_tail', 'retention_gap', 'declared'));

COMMENT ON COLUMN adlake.source_epochs.kind IS 'why this history began';
