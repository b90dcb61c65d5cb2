-- alerts_active: incidents of KPI alerts that are open, with what was measured last.
-- question: Which campaigns have trouble now?
-- grain: one row per open incident, newest first; incidents counts all of them
-- date basis: opened_at: when the first alert of the incident was judged
-- readers: dashboard (Alerts; strip on Campaigns and Funnel), API, Grafana (operations), Metabase
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- param metric varchar = NULL: one metric of the rules, such as ctr; NULL: all
-- param most integer = 500: at most so many rows, the newest
-- include incident_columns
-- last_value, threshold, sample_k, sample_n: of the newest alert of the incident that was not withdrawn.
WITH ranked AS (
    SELECT
        :incident_columns,
        count(*) OVER () AS incidents,
        row_number() OVER (ORDER BY opened_at DESC, incident_id ASC) AS place
    FROM gold.alert_incidents
    WHERE
        state = 'open'
        AND campaign_id = coalesce(CAST(:campaign_id AS varchar), campaign_id)
        AND metric = coalesce(CAST(:metric AS varchar), metric)
)

SELECT
    incident_id,
    campaign_id,
    segment,
    metric,
    rule,
    alert_type,
    state,
    opened_at,
    closed_at,
    first_window_start,
    last_window_start,
    fired_windows,
    worst_value,
    last_value,
    threshold,
    sample_k,
    sample_n,
    channels,
    rule_version,
    incidents
FROM ranked
WHERE place <= :most
ORDER BY place
