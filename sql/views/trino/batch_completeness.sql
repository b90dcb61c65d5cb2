-- audit.batch_completeness: each batch and partition, what it counted beside what Bronze holds.
-- grain: one row per (topic_id, epoch, batch_id, kafka_partition)
-- readers: verify (--batches), notebooks
-- applied: first admitted deliveries of their (impression_id, event_id) by (ingest_ts, partition,
-- offset) whose event Gold holds; duplicates: all admitted ones that are not the first. No order of
-- arrival in either. An event that Gold lost is neither. Reads all of Bronze and of Gold.
-- A text for each engine: Trino orders in memory only, so deliveries find their batch by width_bucket.
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

first_deliveries AS (
    SELECT
        impression_id,
        event_id,
        min(ROW(ingest_ts, kafka_partition, kafka_offset, kafka_topic)) AS position
    FROM held_deliveries
    WHERE is_admitted
    GROUP BY impression_id, event_id
),

gold_events AS (
    SELECT DISTINCT
        state.impression_id,
        event.e AS event_id
    FROM lakehouse.gold.ad_performance_state AS state
    CROSS JOIN
        UNNEST(TRY_CAST(TRY(json_parse(state.events_state)) AS ARRAY(ROW(e VARCHAR)))) AS event (e)
),

placed_firsts AS (
    SELECT
        first_deliveries.position[4] AS kafka_topic,
        first_deliveries.position[2] AS kafka_partition,
        first_deliveries.position[3] AS kafka_offset,
        gold_events.event_id IS NOT NULL AS is_applied
    FROM first_deliveries
    LEFT JOIN gold_events
        ON
            first_deliveries.impression_id = gold_events.impression_id
            AND first_deliveries.event_id = gold_events.event_id
),

-- Batches by their first offsets, so that a delivery finds its own in a few steps.
batch_starts AS (
    SELECT
        kafka_topic,
        kafka_partition,
        array_sort(array_agg(DISTINCT CAST(first_offset AS DOUBLE))) AS first_offsets,
        -- What came later is not counted yet.
        max(next_offset) AS counted_end
    FROM counts_of_topics
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
            AND held_deliveries.kafka_offset < batch_starts.counted_end
    GROUP BY
        held_deliveries.kafka_topic,
        held_deliveries.kafka_partition,
        width_bucket(CAST(held_deliveries.kafka_offset AS DOUBLE), batch_starts.first_offsets)
),

firsts_by_batch AS (
    SELECT
        placed_firsts.kafka_topic,
        placed_firsts.kafka_partition,
        width_bucket(CAST(placed_firsts.kafka_offset AS DOUBLE), batch_starts.first_offsets) AS batch_place,
        count(*) AS firsts,
        count_if(placed_firsts.is_applied) AS applied
    FROM placed_firsts
    INNER JOIN batch_starts
        ON
            placed_firsts.kafka_topic = batch_starts.kafka_topic
            AND placed_firsts.kafka_partition = batch_starts.kafka_partition
            AND placed_firsts.kafka_offset < batch_starts.counted_end
    GROUP BY
        placed_firsts.kafka_topic,
        placed_firsts.kafka_partition,
        width_bucket(CAST(placed_firsts.kafka_offset AS DOUBLE), batch_starts.first_offsets)
),

placed_batches AS (
    SELECT
        counted.*,
        width_bucket(CAST(counted.first_offset AS DOUBLE), batch_starts.first_offsets) AS batch_place
    FROM counts_of_topics AS counted
    INNER JOIN batch_starts
        ON counted.kafka_topic = batch_starts.kafka_topic AND counted.kafka_partition = batch_starts.kafka_partition
),

counted_batches AS (
    SELECT
        placed_batches.*,
        coalesce(held_by_batch.held_admitted, 0) AS held_admitted,
        coalesce(held_by_batch.held_rejected, 0) AS held_rejected,
        coalesce(firsts_by_batch.firsts, 0) AS firsts,
        coalesce(firsts_by_batch.applied, 0) AS applied
    FROM placed_batches
    LEFT JOIN held_by_batch
        ON
            placed_batches.kafka_topic = held_by_batch.kafka_topic
            AND placed_batches.kafka_partition = held_by_batch.kafka_partition
            AND placed_batches.batch_place = held_by_batch.batch_place
    LEFT JOIN firsts_by_batch
        ON
            placed_batches.kafka_topic = firsts_by_batch.kafka_topic
            AND placed_batches.kafka_partition = firsts_by_batch.kafka_partition
            AND placed_batches.batch_place = firsts_by_batch.batch_place
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
