-- Incidents with a transition since a moment: of what people and programs may have to be told.
-- Grain: one row per incident. Parameter: since.
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
    channels,
    opening_value,
    opening_threshold,
    opening_k,
    opening_n,
    opening_bound,
    closing_window_start,
    closing_value,
    closing_threshold,
    closing_k,
    closing_n,
    rule_version
FROM gold.alert_incidents
WHERE opened_at >= :since OR closed_at >= :since
ORDER BY opened_at, incident_id
