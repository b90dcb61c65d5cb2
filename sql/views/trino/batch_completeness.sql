-- audit.batch_completeness: each batch and partition, what it counted beside what Bronze holds.
-- grain: one row per (topic_id, epoch, batch_id, kafka_partition)
-- readers: verify (--batches), notebooks
-- applied: admitted deliveries that are the first of their (impression_id, event_id) by (ingest_ts,
-- partition, offset); duplicates: all other admitted ones. Both from Bronze alone, so they do not
-- depend on the order of arrival. Reads all of Bronze.
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

first_deliveries AS (
    SELECT min(ROW(ingest_ts, kafka_partition, kafka_offset, kafka_topic)) AS position
    FROM held_deliveries
    WHERE is_admitted
    GROUP BY impression_id, event_id
),

applied_deliveries AS (
    SELECT
        position[4] AS kafka_topic,
        position[2] AS kafka_partition,
        position[3] AS kafka_offset
    FROM first_deliveries
),

-- Batches by their first offsets, so that a delivery finds its own in a few steps.
batch_starts AS (
    SELECT
        kafka_topic,
        kafka_partition,
        array_sort(array_agg(DISTINCT CAST(first_offset AS DOUBLE))) AS first_offsets,
        -- What came later is not in the ledger yet.
        max(next_offset) AS ledger_end
    FROM lakehouse.audit.completeness_ledger
    GROUP BY kafka_topic, kafka_partition
),

held_by_batch AS (
    SELECT
        held_deliveries.kafka_topic,
        held_deliveries.kafka_partition,
        width_bucket(CAST(held_deliveries.kafka_offset AS DOUBLE), batch_starts.first_offsets) AS batch_place,
        count_if(held_deliveries.is_admitted) AS held_admitted,
        count_if(NOT held_deliveries.is_admitted) AS held_rejected
    FROM held_deliveries
    INNER JOIN batch_starts
        ON
            held_deliveries.kafka_topic = batch_starts.kafka_topic
            AND held_deliveries.kafka_partition = batch_starts.kafka_partition
            AND held_deliveries.kafka_offset < batch_starts.ledger_end
    GROUP BY
        held_deliveries.kafka_topic,
        held_deliveries.kafka_partition,
        width_bucket(CAST(held_deliveries.kafka_offset AS DOUBLE), batch_starts.first_offsets)
),

applied_by_batch AS (
    SELECT
        applied_deliveries.kafka_topic,
        applied_deliveries.kafka_partition,
        width_bucket(CAST(applied_deliveries.kafka_offset AS DOUBLE), batch_starts.first_offsets) AS batch_place,
        count(*) AS applied
    FROM applied_deliveries
    INNER JOIN batch_starts
        ON
            applied_deliveries.kafka_topic = batch_starts.kafka_topic
            AND applied_deliveries.kafka_partition = batch_starts.kafka_partition
            AND applied_deliveries.kafka_offset < batch_starts.ledger_end
    GROUP BY
        applied_deliveries.kafka_topic,
        applied_deliveries.kafka_partition,
        width_bucket(CAST(applied_deliveries.kafka_offset AS DOUBLE), batch_starts.first_offsets)
),

placed_batches AS (
    SELECT
        ledger.*,
        width_bucket(CAST(ledger.first_offset AS DOUBLE), batch_starts.first_offsets) AS batch_place
    FROM lakehouse.audit.completeness_ledger AS ledger
    INNER JOIN batch_starts
        ON ledger.kafka_topic = batch_starts.kafka_topic AND ledger.kafka_partition = batch_starts.kafka_partition
),

counted_batches AS (
    SELECT
        placed_batches.*,
        coalesce(held_by_batch.held_admitted, 0) AS held_admitted,
        coalesce(held_by_batch.held_rejected, 0) AS held_rejected,
        coalesce(applied_by_batch.applied, 0) AS applied
    FROM placed_batches
    LEFT JOIN held_by_batch
        ON
            placed_batches.kafka_topic = held_by_batch.kafka_topic
            AND placed_batches.kafka_partition = held_by_batch.kafka_partition
            AND placed_batches.batch_place = held_by_batch.batch_place
    LEFT JOIN applied_by_batch
        ON
            placed_batches.kafka_topic = applied_by_batch.kafka_topic
            AND placed_batches.kafka_partition = applied_by_batch.kafka_partition
            AND placed_batches.batch_place = applied_by_batch.batch_place
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
    admitted,
    rejected,
    held_admitted,
    held_rejected,
    applied,
    held_admitted - applied AS duplicates,
    next_offset - first_offset = admitted + rejected
    AND admitted = held_admitted
    AND rejected = held_rejected AS is_complete,
    committed_at
FROM counted_batches
