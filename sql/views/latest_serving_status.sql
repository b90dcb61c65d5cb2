-- gold.latest_serving_status: whether ads of an advertiser may be served now.
-- grain: one row per advertiser_id
-- readers: gold.aggregated_advertiser_spend, analysts
-- latest_hour: that of the newest billed click, NULL without any. Decisions that lie ahead of the reader's clock have
-- not been taken yet.
WITH decided AS (
    SELECT
        advertiser_id,
        max_by(can_serve, flip_number) AS latest_can_serve
    FROM lakehouse.gold.serving_flips
    WHERE effective_at <= current_timestamp
    GROUP BY advertiser_id
),

billed AS (
    SELECT
        advertiser_id,
        max(spend_hour) AS latest_hour
    FROM lakehouse.gold.advertiser_spend_hourly
    GROUP BY advertiser_id
)

SELECT
    told.advertiser,
    told.advertiser_id,
    billed.latest_hour,
    decided.latest_can_serve
FROM lakehouse.gold.advertisers AS told
LEFT JOIN billed ON told.advertiser_id = billed.advertiser_id
LEFT JOIN decided ON told.advertiser_id = decided.advertiser_id
