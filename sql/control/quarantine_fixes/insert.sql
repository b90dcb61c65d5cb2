-- A new correction, pending.
INSERT INTO adlake.quarantine_fixes (
    kafka_topic, kafka_partition, kafka_offset, payload, impression_id, event_id, fixed_by, why
)
VALUES (
    :kafka_topic, :kafka_partition, :kafka_offset, :payload, :impression_id, :event_id, :fixed_by, :why
)
RETURNING fix_id
