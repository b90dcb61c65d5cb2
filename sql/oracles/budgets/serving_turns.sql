-- Decisions that say otherwise than the one before, and what they were taken by.
-- Grain: one row per advertiser_id, change_number and at_ms, of those that turned the flag; the first one is one.
-- Beside them those of `serving_moments` that are no decisions.
-- Reads a relation `serving_moments`, once. A decision takes 60 seconds to reach the ad server; the rate of spending
-- takes in a fifth of each minute, so 60 of them are amounts x 0.8^age / 5, of which age is in whole minutes.
-- include rate_weights
-- include kept_back: weighed = weighed
WITH weighing AS (
    SELECT :rate_weights AS weights
),

-- All moments of a minute keep back the same: what the whole minutes before it brought, each weighed by its age.
minutes AS (
    SELECT
        advertiser_id,
        at_ms / 60000 AS minute,
        coalesce(sum(brought), 0) AS brought,
        array_agg(CAST(
            ROW(
                time_zone, local_day, local_month, month_cap, is_decision, change_number, at_ms, is_delivered,
                event_type, counted_id, added, is_active, is_in_flight, budget, period, period_start_ms, all_budgets,
                all_names
            ) AS ROW(
                time_zone VARCHAR, local_day DATE, local_month DATE, month_cap DECIMAL(38, 0),
                is_decision BOOLEAN, change_number BIGINT, at_ms BIGINT, is_delivered BOOLEAN, event_type VARCHAR,
                counted_id VARCHAR, added DECIMAL(38, 0), is_active BOOLEAN, is_in_flight BOOLEAN,
                budget DECIMAL(38, 0), period VARCHAR, period_start_ms BIGINT,
                all_budgets VARCHAR, all_names VARCHAR
            )
        )) AS entries
    FROM serving_moments
    GROUP BY advertiser_id, at_ms / 60000
),

rates AS (
    SELECT
        *,
        array_agg(CAST(ROW(minute, brought) AS ROW(minute BIGINT, brought DECIMAL(38, 0)))) OVER (
            PARTITION BY advertiser_id ORDER BY minute ASC RANGE BETWEEN 127 PRECEDING AND 1 PRECEDING
        ) AS whole_minutes
    FROM minutes
),

weighed_minutes AS (
    SELECT
        rates.advertiser_id,
        rates.entries,
        reduce(
            coalesce(rates.whole_minutes, ARRAY[]),
            CAST(0 AS DECIMAL(38, 0)),
            (total, whole) -> CAST(
                total + whole.brought * element_at(weighing.weights, CAST(rates.minute - whole.minute AS INTEGER))
                AS DECIMAL(38, 0)
            ),
            total -> total
        ) AS weighed
    FROM rates
    CROSS JOIN weighing
),

reserves AS (
    SELECT
        advertiser_id,
        entries,
        :kept_back AS reserve
    FROM weighed_minutes
),

summed AS (
    SELECT
        reserves.advertiser_id,
        reserves.reserve,
        entry.*,
        sum(entry.added) OVER (
            PARTITION BY reserves.advertiser_id, entry.time_zone, entry.local_day
            ORDER BY entry.change_number ASC, entry.is_decision ASC, entry.at_ms ASC
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS day_spend,
        sum(entry.added) OVER (
            PARTITION BY reserves.advertiser_id, entry.time_zone, entry.local_month
            ORDER BY entry.change_number ASC, entry.is_decision ASC, entry.at_ms ASC
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS month_spend,
        sum(entry.added) OVER (
            PARTITION BY reserves.advertiser_id, entry.time_zone
            ORDER BY entry.change_number ASC, entry.is_decision ASC, entry.at_ms ASC
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS whole_spend
    FROM reserves
    CROSS JOIN UNNEST(reserves.entries) AS entry (
        time_zone, local_day, local_month, month_cap, is_decision, change_number, at_ms, is_delivered, event_type,
        counted_id, added, is_active, is_in_flight, budget, period, period_start_ms, all_budgets, all_names
    )
),

spent AS (
    SELECT
        *,
        coalesce(
            CASE period WHEN 'DAILY' THEN day_spend WHEN 'MONTHLY' THEN month_spend ELSE whole_spend END, DECIMAL '0'
        ) AS valid_spend
    FROM summed
),

decided AS (
    SELECT
        *,
        is_active
        AND is_in_flight
        AND coalesce(valid_spend + reserve < budget, FALSE)
        AND (period <> 'DAILY' OR coalesce(coalesce(month_spend, DECIMAL '0') + reserve < month_cap, FALSE))
            AS can_serve
    FROM spent
),

compared AS (
    SELECT
        *,
        row_number() OVER in_order AS decision_number,
        lag(can_serve) OVER in_order AS previous_can_serve,
        lag(is_active) OVER in_order AS was_active,
        lag(is_in_flight) OVER in_order AS was_in_flight,
        lag(ROW(budget, period)) OVER in_order AS budget_before,
        lag(period_start_ms) OVER in_order AS period_start_before,
        lag(valid_spend) OVER in_order AS valid_spend_before
    FROM decided
    WINDOW in_order AS (PARTITION BY advertiser_id, is_decision ORDER BY change_number ASC, at_ms ASC)
)

SELECT
    advertiser_id,
    change_number,
    at_ms,
    is_decision,
    added,
    all_budgets,
    all_names,
    time_zone,
    local_day,
    IF(is_delivered, event_type || ' ' || counted_id, 'CLOCK') AS decided_by,
    can_serve,
    previous_can_serve,
    valid_spend,
    reserve,
    budget,
    period,
    period_start_ms,
    CASE
        WHEN decision_number = 1 THEN 'FIRST_SEEN'
        WHEN is_active <> was_active THEN 'STATUS'
        WHEN is_in_flight <> was_in_flight THEN 'FLIGHT'
        WHEN ROW(budget, period) IS DISTINCT FROM budget_before THEN 'BUDGET'
        WHEN period_start_ms IS DISTINCT FROM period_start_before THEN 'PERIOD_START'
        WHEN can_serve AND is_delivered AND event_type = 'SPEND_CREDIT' THEN 'CREDIT'
        WHEN can_serve AND valid_spend >= valid_spend_before THEN 'RESERVE'
        ELSE 'SPEND'
    END AS cause
FROM compared
WHERE IF(is_decision AND decision_number > 1, can_serve <> previous_can_serve, TRUE)
