-- The declared incarnations of a topic, oldest first; the first one of all is not declared.
SELECT
    source_epoch AS number,
    topic_id,
    CAST(start_offsets AS TEXT) AS start_offsets,
    CAST(contained_offsets AS TEXT) AS contained_offsets,
    finding,
    reason,
    declared_by,
    kind
FROM adlake.source_epochs
WHERE topic = :topic
ORDER BY source_epoch
