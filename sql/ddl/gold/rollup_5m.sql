-- gold.rollup_5m: events of Gold by windows of five minutes, each in the window of its own time.
-- grain: rows of one campaign, channel, region and window are to be added up: each batch appends what it changed,
-- maintenance folds them into one. gold.campaign_metrics_5m has one row for each.
-- partition: day of the window, of folded rows
-- readers: gold.campaign_metrics_5m and the views over it, alert rules, verify
-- early_: arrived until a minute after the window's end; late_: more than an hour after it.
CREATE TABLE IF NOT EXISTS lakehouse.gold.rollup_5m (
  window_start TIMESTAMP NOT NULL COMMENT 'UTC; a whole five minutes',
  campaign_id STRING COMMENT 'of the row of Gold, as the other two; unknown where it has none',
  channel STRING COMMENT 'that the event named, never its campaign, so that it is a function of events alone',
  region STRING,
  impressions BIGINT NOT NULL COMMENT 'rows of Gold that have an impression',
  clicks BIGINT NOT NULL COMMENT 'distinct click events',
  conversions BIGINT NOT NULL COMMENT 'distinct conversion events, attributed or not',
  early_impressions BIGINT NOT NULL,
  early_clicks BIGINT NOT NULL,
  early_conversions BIGINT NOT NULL,
  late_impressions BIGINT NOT NULL,
  late_clicks BIGINT NOT NULL,
  late_conversions BIGINT NOT NULL,
  attributed_conversions BIGINT NOT NULL,
  total_cost DECIMAL(38, 6) NOT NULL COMMENT 'of the impressions',
  revenue DECIMAL(38, 6) NOT NULL COMMENT 'of the attributed conversions',
  folded_day DATE COMMENT 'NULL: what a batch changed, not folded yet'
)
USING iceberg
PARTITIONED BY (folded_day)
TBLPROPERTIES (
  'format-version' = '2',
  'write.distribution-mode' = 'none',
  'write.parquet.compression-codec' = 'zstd',
  'write.metadata.metrics.default' = 'none',
  'write.metadata.metrics.column.window_start' = 'full',
  'write.metadata.metrics.column.folded_day' = 'full',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '20',
  'commit.manifest.min-count-to-merge' = '20'
)
