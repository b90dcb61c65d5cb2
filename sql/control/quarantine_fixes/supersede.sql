-- A correction that still waits gives way to a newer one.
UPDATE adlake.quarantine_fixes
SET status = 'superseded'
WHERE
    status = 'pending'
    AND kafka_topic = :kafka_topic
    AND kafka_partition = :kafka_partition
    AND kafka_offset = :kafka_offset
