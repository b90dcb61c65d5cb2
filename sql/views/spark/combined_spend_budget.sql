-- gold.combined_spend_budget: spend and budget of each local day with billed clicks, a row for each amount.
-- grain: one row per advertiser_id, spend_day and category (gross_spend, net_spend, budget_value)
-- readers: analysts
-- budget_value: in force at the day's last instant; no row when none is known. A text for each engine: each has its
-- own way to tell when a local day ends.
WITH days AS (
    SELECT
        spent.*,
        to_utc_timestamp(CAST(date_add(spent.spend_day, 1) AS TIMESTAMP), coalesce(states.time_zone, 'UTC')) AS day_end
    FROM lakehouse.gold.daily_spend AS spent
    LEFT JOIN lakehouse.dims.dim_advertisers AS states
        ON spent.advertiser_id = states.advertiser_id AND states.is_current
)

SELECT
    advertiser,
    advertiser_id,
    spend_day,
    'gross_spend' AS category,
    daily_gross_spend AS amount
FROM days
UNION ALL
SELECT
    advertiser,
    advertiser_id,
    spend_day,
    'net_spend' AS category,
    daily_net_spend AS amount
FROM days
UNION ALL
SELECT
    days.advertiser,
    days.advertiser_id,
    days.spend_day,
    'budget_value' AS category,
    CAST(budgets.budget_value AS DECIMAL(38, 6)) AS amount
FROM days
INNER JOIN lakehouse.dims.dim_budgets AS budgets
    ON
        days.advertiser_id = budgets.advertiser_id
        AND days.day_end > budgets.start_ts
        AND days.day_end <= budgets.end_ts
