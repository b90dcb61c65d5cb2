-- A version ends where the next one begins.
UPDATE adlake.alert_rules
SET valid_to_ms = :valid_to_ms
WHERE
    rule_id = :rule_id
    AND rule_version = :rule_version
