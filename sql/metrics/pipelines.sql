-- pipelines: what was read of each topic, by the counts of its batches, and where they do not close.
-- question: How much of each topic was admitted, how much refused, and is anything missing?
-- grain: one row per topic
-- date basis: time of the batch's commit to the table of records
-- readers: dashboard (operations)
-- Batches are counted here some time after they were committed (ADLAKE_LEDGER_EVERY_BATCHES).
WITH counted AS (
    SELECT
        split_part(kafka_topic, '@', 1) AS topic,
        count(DISTINCT bronze_snapshot_id) AS batches,
        sum(admitted) AS admitted,
        sum(rejected) AS rejected,
        max(committed_at) AS counted_until
    FROM audit.completeness_ledger
    GROUP BY split_part(kafka_topic, '@', 1)
),

gaps AS (
    SELECT
        split_part(kafka_topic, '@', 1) AS topic,
        count(*) AS gaps
    FROM audit.completeness_gaps
    GROUP BY split_part(kafka_topic, '@', 1)
)

SELECT
    counted.topic,
    counted.batches,
    counted.admitted,
    counted.rejected,
    coalesce(gaps.gaps, 0) AS gaps,
    counted.counted_until
FROM counted
LEFT JOIN gaps ON counted.topic = gaps.topic
ORDER BY counted.topic
