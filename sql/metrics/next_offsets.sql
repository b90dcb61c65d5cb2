-- next_offsets: the first offset of each partition that the lake does not contain yet, topic by topic.
-- question: How far has the lake read each partition?
-- grain: one row per topic and partition in the newest stamp of the last table that the topic's records reach
-- date basis: time of that stamped commit
-- readers: dashboard (operations: lag = end offset in Kafka minus next_offset)
-- each last table: newest_stamp
WITH stamped_offsets AS (
    SELECT
        table_name,
        committed_at,
        element_at(summary, 'adlake.topic') AS kafka_topic,
        element_at(summary, 'adlake.topic-id') AS topic_id,
        CAST(json_parse(element_at(summary, 'adlake.next-offsets')) AS MAP (varchar, bigint)) AS next_offsets
    FROM newest_stamp
    WHERE summary IS NOT NULL
)

SELECT
    stamped_offsets.kafka_topic,
    stamped_offsets.topic_id,
    CAST(offsets.partition_text AS integer) AS kafka_partition,
    offsets.next_offset,
    stamped_offsets.committed_at,
    stamped_offsets.table_name
FROM stamped_offsets
CROSS JOIN UNNEST(stamped_offsets.next_offsets) AS offsets (partition_text, next_offset)
ORDER BY stamped_offsets.kafka_topic, kafka_partition
