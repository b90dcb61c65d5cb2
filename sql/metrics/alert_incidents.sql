-- alert_incidents: incidents of KPI alerts, open and over, with what was measured last.
-- question: Which campaigns had trouble, for how long, and how bad was it?
-- grain: one row per incident, newest first; incidents counts all of them
-- date basis: opened_at: when the first alert of the incident was judged
-- readers: dashboard (Alerts), API, Metabase
-- param since timestamp = NULL: incidents that opened at or after this time; NULL: from the beginning
-- param until timestamp = NULL: incidents that opened before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- param metric varchar = NULL: one metric of the rules, such as ctr; NULL: all
-- param most integer = 100: at most so many rows, the newest
-- include time_range: moment = opened_at
-- include incident_columns
-- last_value, threshold, sample_k, sample_n: of the newest alert of the incident that was not withdrawn.
-- The closing columns are of the window that ended it, NULL while it is open.
WITH ranked AS (
    SELECT
        :incident_columns,
        opening_threshold,
        closing_window_start,
        closing_value,
        closing_threshold,
        closing_k,
        closing_n,
        count(*) OVER () AS incidents,
        row_number() OVER (ORDER BY opened_at DESC, incident_id ASC) AS place
    FROM gold.alert_incidents
    WHERE
        :time_range
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
    opening_threshold,
    closing_window_start,
    closing_value,
    closing_threshold,
    closing_k,
    closing_n,
    incidents
FROM ranked
WHERE place <= :most
ORDER BY place
