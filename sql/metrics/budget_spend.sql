-- budget_spend: spend of each campaign beside the budget in force, by the periods of that budget.
-- question: How much of its budget did each campaign spend, and where was it more than the budget?
-- grain: one row per campaign_id and budget period with an impression, newest first; periods counts all of them
-- date basis: impression time; days and months of UTC
-- readers: analysts
-- param budget_type DAILY|MONTHLY|LIFETIME|NONE = DAILY: type of the budgets; NONE: no known budget, by day
-- param since timestamp = NULL: periods that end after this time; NULL: from the beginning
-- param until timestamp = NULL: periods that begin before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- param most integer = NULL: the first so many periods; NULL: all
-- include budget_periods: moment = impression_time
-- A period is never cut: spend of half a month says nothing about the budget of a month. LIFETIME has no bounds.
-- Each impression counts under the budget in force at its time, so the four types together are all the spend.
-- After a change of type within a period, its row holds what was spent while that type was in force.
-- budget_amount: the last budget of the type in force in the period (so far, while is_open).
-- largest_budget_amount: the largest one in force at any moment of it.
-- overspend: what is above the largest, so money spent before a budget was lowered is none. spent_share is of
-- budget_amount.
-- Spend is the cost of impressions. A period without an impression has no row.
WITH budgeted_impressions AS (
    SELECT
        campaign_id,
        campaign_name,
        impression_time,
        cost,
        CASE WHEN budget_amount IS NULL THEN 'NONE' ELSE coalesce(budget_type, 'NONE') END AS budget_type
    FROM gold.ad_performance_with_campaigns
    WHERE
        impression_time IS NOT NULL
        AND :budget_periods
        AND campaign_id = coalesce(CAST(:campaign_id AS varchar), campaign_id)
),

placed_impressions AS (
    SELECT
        *,
        CASE budget_type
            WHEN 'LIFETIME' THEN NULL
            WHEN 'MONTHLY' THEN date_trunc('month', impression_time)
            ELSE date_trunc('day', impression_time)
        END AS period_start,
        CASE budget_type
            WHEN 'LIFETIME' THEN NULL
            WHEN 'MONTHLY' THEN date_trunc('month', impression_time) + INTERVAL '1' MONTH
            ELSE date_trunc('day', impression_time) + INTERVAL '1' DAY
        END AS period_end
    FROM budgeted_impressions
    WHERE budget_type = CAST(:budget_type AS varchar)
),

period_totals AS (
    SELECT
        campaign_id,
        period_start,
        period_end,
        max_by(campaign_name, impression_time) AS campaign_name,
        count(*) AS impressions,
        coalesce(sum(cost), 0) AS spend
    FROM placed_impressions
    GROUP BY campaign_id, period_start, period_end
),

ranked_periods AS (
    SELECT
        *,
        row_number() OVER (ORDER BY period_start DESC, spend DESC, campaign_id ASC) AS place,
        count(*) OVER () AS periods
    FROM period_totals
),

first_periods AS (
    SELECT *
    FROM ranked_periods
    WHERE place <= coalesce(CAST(:most AS bigint), place)
),

budgets AS (
    SELECT
        campaign_id,
        budget_amount,
        start_ts,
        end_ts
    FROM dims.dim_campaigns
    WHERE
        budget_type = CAST(:budget_type AS varchar)
        AND budget_amount IS NOT NULL
),

budgeted_periods AS (
    SELECT
        chosen.place,
        max_by(budgets.budget_amount, budgets.start_ts) AS budget_amount,
        max(budgets.budget_amount) AS largest_budget_amount
    FROM first_periods AS chosen
    INNER JOIN budgets
        ON
            chosen.campaign_id = budgets.campaign_id
            AND (chosen.period_end IS NULL OR chosen.period_end > budgets.start_ts)
            AND (chosen.period_start IS NULL OR chosen.period_start < budgets.end_ts)
    GROUP BY chosen.place
)

SELECT
    chosen.campaign_id,
    chosen.campaign_name,
    chosen.period_start,
    chosen.period_end,
    coalesce(chosen.period_end > current_timestamp, TRUE) AS is_open,
    chosen.impressions,
    chosen.spend,
    budgeted.budget_amount,
    budgeted.largest_budget_amount,
    CAST(chosen.spend AS decimal(38, 9)) / nullif(budgeted.budget_amount, 0) AS spent_share,
    greatest(chosen.spend - budgeted.largest_budget_amount, 0) AS overspend,
    chosen.periods
FROM first_periods AS chosen
LEFT JOIN budgeted_periods AS budgeted ON chosen.place = budgeted.place
ORDER BY chosen.place
