-- dims.alert_rules: which KPI rule looks at what, by which numbers, and in which time.
-- grain: one row per rule_id and rule_version
-- made of: adlake.alert_rules in the control database, by one overwrite whenever it differs
-- readers: the alert log, page Alerts, API
CREATE TABLE IF NOT EXISTS lakehouse.dims.alert_rules (
  rule_id STRING NOT NULL,
  rule STRING NOT NULL COMMENT 'A static rate, B relative rate, C volume drop, D silence, E count floor',
  metric STRING NOT NULL,
  campaign_id STRING COMMENT 'NULL: every campaign without a row of its own',
  segment STRING NOT NULL COMMENT 'all, channel or region',
  threshold DOUBLE COMMENT 'A: a fraction, E: a count; NULL: the rule finds it',
  z DOUBLE COMMENT 'of A; 0 is the plain comparison',
  resolve_factor DOUBLE COMMENT 'of A and E: so much of the threshold looks well again',
  multiplicity STRING NOT NULL COMMENT 'none, or bonferroni: z grows with the campaigns of a window',
  channels STRING NOT NULL COMMENT 'who is told, by commas: kafka, slack, webhook, email; empty: all',
  enabled BOOLEAN NOT NULL,
  rule_version INT NOT NULL,
  valid_from TIMESTAMP NOT NULL COMMENT 'windows that begin from here',
  valid_to TIMESTAMP NOT NULL COMMENT 'to before here'
)
USING iceberg
TBLPROPERTIES ('format-version' = '2')
