-- The published correction of one rejected delivery, if there is one.
SELECT
    replayed_partition,
    replayed_offset,
    fixed_by
FROM adlake.quarantine_fixes
WHERE
    status = 'replayed'
    AND kafka_topic = :kafka_topic
    AND kafka_partition = :kafka_partition
    AND kafka_offset = :kafka_offset
