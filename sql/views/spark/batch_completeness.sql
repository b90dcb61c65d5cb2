-- audit.batch_completeness: each batch and partition, what it counted beside what Bronze holds.
-- grain: one row per (topic_id, epoch, batch_id, kafka_partition)
-- readers: verify (--batches), notebooks
-- applied: first admitted deliveries of their (impression_id, event_id) by (ingest_ts, partition,
-- offset) whose event Gold holds; duplicates: all admitted ones that are not the first. No order of
-- arrival in either. An event that Gold lost is neither. Reads all of Bronze and of Gold.
-- A text for each engine: Spark has no width_bucket over an array, and orders what does not fit on disk.
WITH held_deliveries AS (
    SELECT DISTINCT
        kafka_topic,
        kafka_partition,
        kafka_offset,
        ingest_ts,
        impression_id,
        event_id,
        reject_reason IS NULL AS is_admitted
    FROM lakehouse.bronze.ad_events
),

-- Of the topics that this table keeps: other tables of records have batches too.
counts_of_topics AS (
    SELECT *
    FROM lakehouse.audit.completeness_ledger
    WHERE
        split_part(kafka_topic, '@', 1) IN (
            SELECT DISTINCT split_part(held.kafka_topic, '@', 1) FROM lakehouse.bronze.ad_events AS held
        )
),

gold_events AS (
    SELECT DISTINCT
        impression_id,
        explode(from_json(events_state, 'array<struct<e:string>>').e) AS event_id
    FROM lakehouse.gold.ad_performance_state
),

ranked_deliveries AS (
    SELECT
        *,
        is_admitted AND row_number() OVER (
            PARTITION BY impression_id, event_id, is_admitted
            ORDER BY ingest_ts ASC, kafka_partition ASC, kafka_offset ASC, kafka_topic ASC
        ) = 1 AS is_first
    FROM held_deliveries
),

judged_deliveries AS (
    SELECT
        ranked_deliveries.*,
        ranked_deliveries.is_first AND gold_events.event_id IS NOT NULL AS is_applied
    FROM ranked_deliveries
    LEFT JOIN gold_events
        ON
            ranked_deliveries.impression_id = gold_events.impression_id
            AND ranked_deliveries.event_id = gold_events.event_id
),

-- What came later is not counted yet.
counted_ends AS (
    SELECT
        kafka_topic,
        kafka_partition,
        max(next_offset) AS counted_end
    FROM counts_of_topics
    GROUP BY kafka_topic, kafka_partition
),

-- Batches and deliveries of a partition in one order: each delivery belongs to the batch before it.
ordered_records AS (
    SELECT
        kafka_topic,
        kafka_partition,
        first_offset AS kafka_offset,
        0 AS place,
        first_offset,
        FALSE AS is_held,
        FALSE AS is_admitted,
        FALSE AS is_first,
        FALSE AS is_applied
    FROM counts_of_topics
    UNION ALL
    SELECT
        judged_deliveries.kafka_topic,
        judged_deliveries.kafka_partition,
        judged_deliveries.kafka_offset,
        1 AS place,
        CAST(NULL AS BIGINT) AS first_offset,
        TRUE AS is_held,
        judged_deliveries.is_admitted,
        judged_deliveries.is_first,
        judged_deliveries.is_applied
    FROM judged_deliveries
    INNER JOIN counted_ends
        ON
            judged_deliveries.kafka_topic = counted_ends.kafka_topic
            AND judged_deliveries.kafka_partition = counted_ends.kafka_partition
            AND judged_deliveries.kafka_offset < counted_ends.counted_end
),

placed_records AS (
    SELECT
        *,
        last_value(first_offset, TRUE) OVER (
            PARTITION BY kafka_topic, kafka_partition ORDER BY kafka_offset ASC, place ASC
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS batch_first_offset
    FROM ordered_records
),

held_by_batch AS (
    SELECT
        kafka_topic,
        kafka_partition,
        batch_first_offset,
        count_if(is_admitted) AS held_admitted,
        count_if(is_held AND NOT is_admitted) AS held_rejected,
        count_if(is_first) AS firsts,
        count_if(is_applied) AS applied
    FROM placed_records
    GROUP BY kafka_topic, kafka_partition, batch_first_offset
),

counted_batches AS (
    SELECT
        counted.*,
        coalesce(held_by_batch.held_admitted, 0) AS held_admitted,
        coalesce(held_by_batch.held_rejected, 0) AS held_rejected,
        coalesce(held_by_batch.firsts, 0) AS firsts,
        coalesce(held_by_batch.applied, 0) AS applied
    FROM counts_of_topics AS counted
    LEFT JOIN held_by_batch
        ON
            counted.kafka_topic = held_by_batch.kafka_topic
            AND counted.kafka_partition = held_by_batch.kafka_partition
            AND counted.first_offset = held_by_batch.batch_first_offset
)

SELECT
    kafka_topic,
    topic_id,
    epoch,
    batch_id,
    kafka_partition,
    first_offset,
    next_offset,
    next_offset - first_offset AS offsets,
    coalesce(empty_within, 0) AS empty_offsets,
    admitted,
    rejected,
    held_admitted,
    held_rejected,
    applied,
    held_admitted - firsts AS duplicates,
    next_offset - first_offset = admitted + rejected + coalesce(empty_within, 0)
    AND admitted = held_admitted
    AND rejected = held_rejected
    AND applied = firsts AS is_complete,
    committed_at
FROM counted_batches
