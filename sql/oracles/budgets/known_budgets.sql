-- Budgets in force over time, from the events of advertisers.
-- Grain: one row per advertiser_id and moment at which value or period changed. end_ms: NULL while in force.
-- Reads a relation `account_events`. What clicks carry counts before the first BUDGET_CHANGE alone.
WITH told AS (
    SELECT
        advertiser_id,
        event_type,
        ts_ms,
        counted_id,
        IF(event_type = 'BUDGET_CHANGE', micros, budget_micros) AS micros,
        IF(event_type = 'BUDGET_CHANGE', period, 'DAILY') AS period,
        min(IF(event_type = 'BUDGET_CHANGE', ts_ms)) OVER (PARTITION BY advertiser_id) AS first_ms
    FROM account_events
    WHERE event_type = 'BUDGET_CHANGE' OR (event_type = 'AD_CLICK' AND budget_micros IS NOT NULL)
),

-- Of one moment the largest id counts.
moments AS (
    SELECT
        advertiser_id,
        ts_ms,
        max_by(ROW(micros, period), counted_id) AS budget
    FROM told
    WHERE event_type = 'BUDGET_CHANGE' OR coalesce(ts_ms < first_ms, TRUE)
    GROUP BY advertiser_id, ts_ms
),

beginnings AS (
    SELECT *
    FROM (
        SELECT
            *,
            lag(budget) OVER (PARTITION BY advertiser_id ORDER BY ts_ms) AS budget_before
        FROM moments
    ) AS seen
    WHERE budget_before IS DISTINCT FROM budget
)

SELECT
    advertiser_id,
    budget[1] AS micros,
    budget[2] AS period,
    ts_ms AS start_ms,
    lead(ts_ms) OVER (PARTITION BY advertiser_id ORDER BY ts_ms) AS end_ms
FROM beginnings
