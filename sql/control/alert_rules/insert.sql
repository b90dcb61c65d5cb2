-- A version of a rule of KPI alerts.
INSERT INTO adlake.alert_rules (
    rule_id, rule, metric, campaign_id, segment, threshold, z, resolve_factor, multiplicity, channels, enabled,
    rule_version, valid_from_ms, valid_to_ms
)
VALUES (
    :rule_id, :rule, :metric, :campaign_id, :segment, :threshold, :z, :resolve_factor, :multiplicity, :channels,
    :enabled, :rule_version, :valid_from_ms, :valid_to_ms
)
