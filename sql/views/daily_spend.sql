-- gold.daily_spend: what advertisers spent on each day of their own zone with billed clicks.
-- grain: one row per (advertiser_id, spend_day)
-- readers: budget questions
SELECT
    advertiser,
    advertiser_id,
    spend_day,
    CAST(sum(amount) AS DECIMAL(38, 6)) AS daily_gross_spend,
    CAST(sum(net_amount) AS DECIMAL(38, 6)) AS daily_net_spend
FROM lakehouse.gold.spend_ledger
GROUP BY advertiser, advertiser_id, spend_day
