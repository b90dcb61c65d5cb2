-- advertiser_budgets: the budgets that held for an advertiser, one after another.
-- question: Which budget held when?
-- grain: one row per advertiser and span in which one budget held, newest first; budgets counts all of them
-- date basis: start_ts: the time of the event that told the budget
-- readers: API, Metabase
-- param advertiser_id varchar = NULL: one advertiser; NULL: all
-- param most integer = 100: at most so many rows, the newest
-- end_ts NULL: no later budget is known. Before the first BUDGET_CHANGE of an advertiser its clicks tell the budget.
WITH ranked AS (
    SELECT
        *,
        count(*) OVER () AS budgets,
        row_number() OVER (ORDER BY start_ts DESC, advertiser_id ASC) AS place
    FROM dims.dim_budgets
    WHERE advertiser_id = coalesce(CAST(:advertiser_id AS varchar), advertiser_id)
)

SELECT
    advertiser_id,
    budget_value,
    period,
    start_ts,
    IF(is_current, NULL, end_ts) AS end_ts,
    is_current,
    budgets
FROM ranked
WHERE place <= :most
ORDER BY place
