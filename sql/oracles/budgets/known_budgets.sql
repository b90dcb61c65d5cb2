-- Budgets in force over time, from the events of advertisers.
-- Grain: one row per advertiser_id and moment at which value or period changed. end_ms: NULL while in force.
-- Reads a relation `account_events`. What clicks carry counts before the first BUDGET_CHANGE alone.
WITH first_changes AS (
    SELECT
        advertiser_id,
        min(ts_ms) AS first_ms
    FROM account_events
    WHERE event_type = 'BUDGET_CHANGE'
    GROUP BY advertiser_id
),

told AS (
    SELECT
        advertiser_id,
        ts_ms,
        counted_id,
        micros,
        period
    FROM account_events
    WHERE event_type = 'BUDGET_CHANGE'
    UNION ALL
    SELECT
        clicks.advertiser_id,
        clicks.ts_ms,
        clicks.counted_id,
        clicks.budget_micros AS micros,
        'DAILY' AS period
    FROM account_events AS clicks
    LEFT JOIN first_changes ON clicks.advertiser_id = first_changes.advertiser_id
    WHERE
        clicks.event_type = 'AD_CLICK'
        AND clicks.budget_micros IS NOT NULL
        AND coalesce(clicks.ts_ms < first_changes.first_ms, TRUE)
),

-- Of one moment the largest id counts.
moments AS (
    SELECT
        advertiser_id,
        ts_ms,
        max_by(ROW(micros, period), counted_id) AS budget
    FROM told
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
