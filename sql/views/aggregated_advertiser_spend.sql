-- gold.aggregated_advertiser_spend: all that an advertiser ever spent, its budget and flag of now.
-- grain: one row per advertiser_id with billed clicks
-- readers: analysts
-- total_clicks counts credited clicks, too. latest_budget_value: in force now, NULL when none is known.
WITH totals AS (
    SELECT
        advertiser_id,
        max(advertiser) AS advertiser,
        CAST(sum(amount) AS DECIMAL(38, 6)) AS total_gross_spend,
        CAST(sum(net_amount) AS DECIMAL(38, 6)) AS total_net_spend,
        count(*) AS total_clicks,
        max(event_time) AS latest_activity_time
    FROM lakehouse.gold.spend_ledger
    GROUP BY advertiser_id
)

SELECT
    totals.advertiser,
    totals.advertiser_id,
    totals.total_gross_spend,
    totals.total_net_spend,
    totals.total_clicks,
    budgets.budget_value AS latest_budget_value,
    totals.latest_activity_time,
    states.latest_can_serve AS current_serving_status
FROM totals
LEFT JOIN lakehouse.dims.dim_budgets AS budgets
    ON
        totals.advertiser_id = budgets.advertiser_id
        AND budgets.start_ts <= current_timestamp
        AND budgets.end_ts > current_timestamp
LEFT JOIN lakehouse.gold.latest_serving_status AS states ON totals.advertiser_id = states.advertiser_id
