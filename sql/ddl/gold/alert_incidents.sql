-- gold.alert_incidents: alerts that belong together: from the first that fired until the metric was well again.
-- grain: one row per incident_id
-- made of: the same as gold.alerts_log, by the same commits
-- readers: page Alerts, API, notifications, Metabase, verify
-- opening_...: of the alert that opened it; last_...: of the newest one that was not withdrawn; closing_...: of the
-- window that ended it.
CREATE TABLE IF NOT EXISTS lakehouse.gold.alert_incidents (
  incident_id STRING NOT NULL COMMENT 'SHA-256 of campaign, segment, metric, rule and first window',
  campaign_id STRING NOT NULL,
  segment STRING NOT NULL COMMENT 'all, channel=... or region=...',
  metric STRING NOT NULL,
  rule STRING NOT NULL,
  alert_type STRING NOT NULL,
  state STRING NOT NULL COMMENT 'open, resolved or withdrawn',
  opened_at TIMESTAMP NOT NULL COMMENT 'alert_time of the first alert',
  closed_at TIMESTAMP COMMENT 'NULL while open',
  first_window_start TIMESTAMP NOT NULL,
  last_window_start TIMESTAMP NOT NULL,
  fired_windows BIGINT NOT NULL COMMENT 'alerts that were not withdrawn while it was open',
  worst_value DOUBLE COMMENT 'the smallest of them',
  channels STRING NOT NULL COMMENT 'who is told: kafka, slack, webhook, email; empty: all',
  opening_value DOUBLE,
  opening_threshold DOUBLE,
  opening_k BIGINT NOT NULL,
  opening_n BIGINT NOT NULL,
  opening_bound DOUBLE,
  closing_window_start TIMESTAMP,
  closing_value DOUBLE,
  closing_threshold DOUBLE,
  closing_k BIGINT,
  closing_n BIGINT,
  last_value DOUBLE,
  last_threshold DOUBLE,
  last_k BIGINT NOT NULL,
  last_n BIGINT NOT NULL,
  rule_version INT NOT NULL COMMENT 'of the alert that opened it'
)
USING iceberg
TBLPROPERTIES ('format-version' = '2')
