-- gold.hourly_spend: what advertisers spent in each hour with billed clicks.
-- grain: one row per (advertiser_id, spend_hour_start)
-- readers: budget questions
SELECT
    advertiser,
    advertiser_id,
    spend_hour AS spend_hour_start,
    spend_hour + INTERVAL '1' HOUR AS spend_hour_end,
    CAST(sum(amount) AS DECIMAL(38, 6)) AS hourly_gross_spend,
    CAST(sum(net_amount) AS DECIMAL(38, 6)) AS hourly_net_spend
FROM lakehouse.gold.spend_ledger
GROUP BY advertiser, advertiser_id, spend_hour
