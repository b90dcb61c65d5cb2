-- Admitted deliveries of one source incarnation by the value of a header column, those without any left out.
-- Grain: one row per value. Parameters: records (the table), bronze_snapshot, kafka_topic (its label), header.
SELECT
    :header AS header_value,
    count(*) AS deliveries
FROM :records FOR VERSION AS OF :bronze_snapshot
WHERE kafka_topic = :kafka_topic AND reject_reason IS NULL AND :header IS NOT NULL
GROUP BY :header
