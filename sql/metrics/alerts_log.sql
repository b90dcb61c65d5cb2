-- alerts_log: every window in which a KPI rule fired, also those that were withdrawn.
-- question: When did which rule fire, and on what numbers?
-- grain: one row per campaign, segment, metric, window and rule, newest window first; alerts counts all of them
-- date basis: window_start
-- readers: API, Metabase, analysts
-- param since timestamp = NULL: windows that begin at or after this time; NULL: from the beginning
-- param until timestamp = NULL: windows that begin before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- param metric varchar = NULL: one metric of the rules, such as ctr; NULL: all
-- param most integer = 100: at most so many rows, the newest
-- include time_range: moment = window_start
-- The numbers are those of the evaluation that fired; what arrived later changes the status alone, or nothing.
WITH ranked AS (
    SELECT
        *,
        count(*) OVER () AS alerts,
        row_number() OVER (ORDER BY window_start DESC, alert_time DESC, alert_id ASC) AS place
    FROM gold.alerts_log
    WHERE
        :time_range
        AND campaign_id = coalesce(CAST(:campaign_id AS varchar), campaign_id)
        AND metric = coalesce(CAST(:metric AS varchar), metric)
)

SELECT
    alert_id,
    campaign_id,
    segment,
    metric,
    rule,
    alert_type,
    window_start,
    window_end,
    alert_time,
    value,
    threshold,
    sample_k,
    sample_n,
    bound,
    baseline_kind,
    evaluation,
    status,
    incident_id,
    rule_version,
    alerts
FROM ranked
WHERE place <= :most
ORDER BY place
