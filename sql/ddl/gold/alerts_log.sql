-- gold.alerts_log: each alert of the KPI rules: a window of five minutes that tells a drop from noise.
-- grain: one row per campaign_id, segment, metric, window_start and rule
-- made of: gold.rollup_5m, gold.funnel_events, dims.dim_campaigns and dims.alert_rules, all at once, by the stream as
-- windows end and by `adlake alerts build`
-- readers: page Alerts, API, Metabase, verify
-- Values are those of the evaluation that fired; only the status says what came later.
CREATE TABLE IF NOT EXISTS lakehouse.gold.alerts_log (
  alert_id STRING NOT NULL COMMENT 'SHA-256 of the key',
  campaign_id STRING NOT NULL,
  segment STRING NOT NULL COMMENT 'all, channel=... or region=...',
  metric STRING NOT NULL,
  rule STRING NOT NULL COMMENT 'A static rate, B relative rate, C volume drop, D silence, E count floor',
  alert_type STRING NOT NULL COMMENT 'performance_drop, volume_drop or silence',
  window_start TIMESTAMP NOT NULL COMMENT 'UTC',
  window_end TIMESTAMP NOT NULL COMMENT 'UTC',
  alert_time TIMESTAMP NOT NULL COMMENT 'what arrived until then was looked at',
  value DOUBLE COMMENT 'a rate (sample_k of sample_n) or a count',
  threshold DOUBLE COMMENT 'B: half of the usual rate; C, D: the expected count',
  sample_k BIGINT NOT NULL,
  sample_n BIGINT NOT NULL,
  bound DOUBLE COMMENT 'A: upper bound of the rate, B: sum of the CUSUM, C, D: probability',
  baseline_kind STRING NOT NULL COMMENT 'hour_of_week or trailing_24h; empty: the rule needs none',
  evaluation STRING NOT NULL COMMENT 'early (a minute after the window) or final (an hour after it)',
  status STRING NOT NULL COMMENT 'fired, or withdrawn: the final evaluation did not confirm it',
  incident_id STRING NOT NULL,
  rule_version INT NOT NULL
)
USING iceberg
TBLPROPERTIES ('format-version' = '2')
