-- Rules of KPI alerts, every version.
SELECT
    rule_id,
    rule,
    metric,
    campaign_id,
    segment,
    threshold,
    z,
    resolve_factor,
    multiplicity,
    channels,
    enabled,
    rule_version,
    valid_from_ms,
    valid_to_ms
FROM adlake.alert_rules
ORDER BY rule_id, rule_version
