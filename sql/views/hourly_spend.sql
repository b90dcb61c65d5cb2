-- gold.hourly_spend: what advertisers spent in each hour with billed clicks.
-- grain: one row per (advertiser_id, spend_hour_start)
-- readers: budget questions
SELECT
    advertiser,
    advertiser_id,
    spend_hour AS spend_hour_start,
    spend_hour + INTERVAL '1' HOUR AS spend_hour_end,
    sum(amount) AS hourly_gross_spend,
    sum(net_amount) AS hourly_net_spend
FROM lakehouse.gold.spend_ledger
GROUP BY advertiser, advertiser_id, spend_hour
