-- The next incarnation of a topic.
INSERT INTO adlake.source_epochs (
    source_epoch, topic, topic_id, start_offsets, contained_offsets, finding, reason, declared_by, kind
)
VALUES (
    :number, :topic, :topic_id, :start_offsets, :contained_offsets, :finding, :reason, :declared_by, :kind
)
