-- Offending rows: batches of a table of records whose verdicts it does not hold any more.
-- Reads all of the table, but only where its records lie and whether they were admitted.
-- Parameters: records (the table), row_limit.
-- Trino orders in memory only, so records find their batch by width_bucket.
WITH held_records AS (
    SELECT DISTINCT
        kafka_topic,
        kafka_partition,
        kafka_offset,
        reject_reason IS NULL AS is_admitted
    FROM :records
),

counted_batches AS (
    SELECT *
    FROM lakehouse.audit.completeness_ledger
    WHERE
        split_part(kafka_topic, '@', 1) IN (
            SELECT DISTINCT split_part(held_records.kafka_topic, '@', 1) FROM held_records
        )
),

batch_starts AS (
    SELECT
        kafka_topic,
        kafka_partition,
        array_sort(array_agg(DISTINCT CAST(first_offset AS DOUBLE))) AS first_offsets,
        -- What came later is not counted yet.
        max(next_offset) AS counted_end
    FROM counted_batches
    GROUP BY kafka_topic, kafka_partition
),

placed_records AS (
    SELECT
        held_records.kafka_topic,
        held_records.kafka_partition,
        held_records.is_admitted,
        width_bucket(CAST(held_records.kafka_offset AS DOUBLE), batch_starts.first_offsets) AS batch_place
    FROM held_records
    INNER JOIN batch_starts
        ON
            held_records.kafka_topic = batch_starts.kafka_topic
            AND held_records.kafka_partition = batch_starts.kafka_partition
            AND held_records.kafka_offset < batch_starts.counted_end
),

held_by_batch AS (
    SELECT
        kafka_topic,
        kafka_partition,
        batch_place,
        count_if(is_admitted) AS held_admitted,
        count_if(NOT is_admitted) AS held_rejected
    FROM placed_records
    GROUP BY kafka_topic, kafka_partition, batch_place
),

placed_batches AS (
    SELECT
        counted_batches.*,
        width_bucket(CAST(counted_batches.first_offset AS DOUBLE), batch_starts.first_offsets) AS batch_place
    FROM counted_batches
    INNER JOIN batch_starts
        ON
            counted_batches.kafka_topic = batch_starts.kafka_topic
            AND counted_batches.kafka_partition = batch_starts.kafka_partition
),

compared_batches AS (
    SELECT
        placed_batches.*,
        coalesce(held_by_batch.held_admitted, 0) AS held_admitted,
        coalesce(held_by_batch.held_rejected, 0) AS held_rejected
    FROM placed_batches
    LEFT JOIN held_by_batch
        ON
            placed_batches.kafka_topic = held_by_batch.kafka_topic
            AND placed_batches.kafka_partition = held_by_batch.kafka_partition
            AND placed_batches.batch_place = held_by_batch.batch_place
)

SELECT
    kafka_topic,
    kafka_partition,
    first_offset,
    next_offset,
    admitted,
    rejected,
    held_admitted,
    held_rejected,
    epoch AS lease_generation,
    batch_id
FROM compared_batches
WHERE admitted <> held_admitted OR rejected <> held_rejected
ORDER BY kafka_topic ASC, kafka_partition ASC, first_offset ASC
LIMIT :row_limit
