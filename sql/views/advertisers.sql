-- gold.advertisers: every advertiser of whom anything was told, as it stands now.
-- grain: one row per advertiser_id
-- readers: gold.latest_serving_status, gold.latest_changed_budgets
-- The newest name is that of its billed clicks and states. Of whom no state was told: ACTIVE, UTC, no flight.
WITH told AS (
    SELECT
        advertiser_id,
        max_by(advertiser, flip_number) AS advertiser
    FROM lakehouse.gold.serving_flips
    GROUP BY advertiser_id
),

billed AS (
    SELECT
        advertiser_id,
        max(advertiser) AS advertiser
    FROM lakehouse.gold.advertiser_spend_hourly
    GROUP BY advertiser_id
)

SELECT
    told.advertiser_id,
    coalesce(billed.advertiser, states.advertiser, told.advertiser) AS advertiser,
    coalesce(states.status, 'ACTIVE') AS status,
    coalesce(states.time_zone, 'UTC') AS time_zone,
    states.flight_start,
    states.flight_end
FROM told
LEFT JOIN billed ON told.advertiser_id = billed.advertiser_id
LEFT JOIN lakehouse.dims.dim_advertisers AS states ON told.advertiser_id = states.advertiser_id AND states.is_current
