-- gold.monthly_spend: what advertisers spent in each month of their own zone with billed clicks.
-- grain: one row per (advertiser_id, spend_month)
-- readers: analysts
-- budget_value, can_serve_status: as of the month's last millisecond, or of now for a month that is not over; NULL when
-- no budget was known, no decision taken. A text for each engine: each has its own way to tell when a local month ends.
WITH sums AS (
    SELECT
        advertiser_id,
        spend_month,
        max(advertiser) AS advertiser,
        CAST(sum(amount) AS DECIMAL(38, 6)) AS monthly_gross_spend,
        CAST(sum(net_amount) AS DECIMAL(38, 6)) AS monthly_net_spend,
        count(*) AS total_clicks
    FROM lakehouse.gold.spend_ledger
    GROUP BY advertiser_id, spend_month
),

months AS (
    SELECT
        sums.*,
        least(
            current_timestamp,
            with_timezone(
                CAST(date_add('month', 1, sums.spend_month) AS TIMESTAMP(3)), coalesce(states.time_zone, 'UTC')
            )
            - INTERVAL '0.001' SECOND
        ) AS asked_at
    FROM sums
    LEFT JOIN lakehouse.dims.dim_advertisers AS states
        ON sums.advertiser_id = states.advertiser_id AND states.is_current
),

flags AS (
    SELECT
        months.advertiser_id,
        months.spend_month,
        max_by(flips.can_serve, flips.flip_number) AS can_serve_status
    FROM months
    INNER JOIN lakehouse.gold.serving_flips AS flips
        ON months.advertiser_id = flips.advertiser_id AND months.asked_at >= flips.effective_at
    GROUP BY months.advertiser_id, months.spend_month
)

SELECT
    months.advertiser,
    months.advertiser_id,
    months.spend_month,
    months.monthly_gross_spend,
    months.monthly_net_spend,
    months.total_clicks,
    budgets.budget_value,
    flags.can_serve_status
FROM months
LEFT JOIN lakehouse.dims.dim_budgets AS budgets
    ON
        months.advertiser_id = budgets.advertiser_id
        AND months.asked_at >= budgets.start_ts
        AND months.asked_at < budgets.end_ts
LEFT JOIN flags ON months.advertiser_id = flags.advertiser_id AND months.spend_month = flags.spend_month
