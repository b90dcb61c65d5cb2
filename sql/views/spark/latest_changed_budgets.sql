-- gold.latest_changed_budgets: the newest change of each advertiser's budget, and the hour in which it came into force.
-- grain: one row per advertiser_id with a known budget
-- readers: analysts
-- A first value is a change, an equal one again is none. The hour is one of the advertiser's zone, as an instant.
-- A text for each engine: each has its own way to tell when a local hour begins.
WITH budgets AS (
    SELECT
        advertiser_id,
        budget_value,
        start_ts,
        lag(budget_value) OVER (PARTITION BY advertiser_id ORDER BY start_ts) AS value_before
    FROM lakehouse.dims.dim_budgets
),

newest AS (
    SELECT
        advertiser_id,
        max(start_ts) AS changed_at,
        max_by(budget_value, start_ts) AS budget_value
    FROM budgets
    WHERE value_before IS NULL OR value_before <> budget_value
    GROUP BY advertiser_id
)

SELECT
    told.advertiser,
    newest.advertiser_id,
    timestamp_millis(
        unix_millis(newest.changed_at)
        - pmod(unix_millis(from_utc_timestamp(newest.changed_at, told.time_zone)), 3600000)
    ) AS spend_hour,
    newest.budget_value
FROM newest
INNER JOIN lakehouse.gold.advertisers AS told ON newest.advertiser_id = told.advertiser_id
