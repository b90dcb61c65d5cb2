-- gold.rollup_hourly: sums over the rows of Gold by hour, which dashboards read instead of Gold.
-- grain: rows of one date basis, hour, campaign, creative, platform, country and channel are to be added up: each
-- batch appends what it changed, maintenance folds them into one. gold.hourly_performance has one row for each.
-- date_basis: 'impression' counts a row of Gold in the hour of its impression, 'conversion' in that of its attributed
-- conversion, orphans included.
-- partition: day of the hour, of folded rows
-- readers: metrics, dashboard, Metabase, Grafana, verify
CREATE TABLE IF NOT EXISTS lakehouse.gold.rollup_hourly (
  date_basis STRING NOT NULL COMMENT 'impression or conversion',
  hour_at TIMESTAMP NOT NULL COMMENT 'UTC; begin of the hour',
  campaign_id STRING,
  creative_id STRING,
  platform STRING,
  geo_country STRING,
  channel STRING COMMENT 'of the row of Gold; NULL: unknown',
  impressions BIGINT NOT NULL COMMENT 'rows with an impression',
  clicked_impressions BIGINT NOT NULL,
  converted_impressions BIGINT NOT NULL,
  conversions BIGINT NOT NULL COMMENT 'attributed ones; also of rows without an impression',
  cost DECIMAL(38, 6) NOT NULL,
  revenue DECIMAL(38, 6) NOT NULL,
  orphan_revenue DECIMAL(38, 6) NOT NULL COMMENT 'of rows without an impression',
  revenue_out_of_window DECIMAL(38, 6) NOT NULL,
  lag_ms DECIMAL(38, 0) NOT NULL COMMENT 'from impression to attributed conversion, summed',
  folded_day DATE COMMENT 'NULL: what a batch changed, not folded yet'
)
USING iceberg
PARTITIONED BY (folded_day)
TBLPROPERTIES (
  'format-version' = '2',
  'write.distribution-mode' = 'none',
  'write.parquet.compression-codec' = 'zstd',
  'write.metadata.metrics.default' = 'none',
  'write.metadata.metrics.column.hour_at' = 'full',
  'write.metadata.metrics.column.date_basis' = 'full',
  'write.metadata.metrics.column.folded_day' = 'full',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '20',
  'commit.manifest.min-count-to-merge' = '20'
)
