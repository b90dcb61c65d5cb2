-- What the billed clicks of each advertiser come to, in the words of the generator's truth files.
-- Grain: one row per advertiser_id. Parameter: table_snapshot. Money in integer micros.
SELECT
    advertiser_id,
    count(*) AS clicks,
    CAST(sum(amount) * 1000000 AS DECIMAL(38, 0)) AS gross_micros,
    CAST(sum(credit_amount) * 1000000 AS DECIMAL(38, 0)) AS credit_micros
FROM lakehouse.gold.spend_ledger FOR VERSION AS OF :table_snapshot
GROUP BY advertiser_id
