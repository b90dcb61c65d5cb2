-- gold.rollup_conversions: every conversion event of Gold with what became of it, which the bridge and the curve of
-- delays read instead of the states in Gold.
-- grain: rows of one conversion are to be added up: what a batch changed is taken off and added again by rows that
-- cancel out, maintenance folds them away. One that counts has conversions = 1.
-- bucket: ATTRIBUTED, ORPHAN (attributed to an impression that never came), REPEAT_CONVERSION, OUT_OF_WINDOW,
-- CONVERSION_BEFORE_CLICK, NO_CLICK; refused conversions are in no row of Gold.
-- partition: day of the conversion, of folded rows
-- readers: metrics, dashboard, Metabase, verify
CREATE TABLE IF NOT EXISTS lakehouse.gold.rollup_conversions (
  bucket STRING NOT NULL,
  conversion_at TIMESTAMP NOT NULL COMMENT 'UTC; time of the conversion event',
  impression_id STRING NOT NULL,
  event_id STRING NOT NULL,
  campaign_id STRING COMMENT 'of the impression, as in Gold',
  geo_country STRING,
  platform STRING,
  impression_time TIMESTAMP COMMENT 'UTC; NULL: no impression seen',
  delay_ms BIGINT COMMENT 'from the impression to the first arrival of an attributed conversion, never below 0',
  conversions BIGINT NOT NULL,
  value DECIMAL(38, 6) NOT NULL,
  folded_day DATE COMMENT 'NULL: what a batch changed, not folded yet'
)
USING iceberg
PARTITIONED BY (folded_day)
TBLPROPERTIES (
  'format-version' = '2',
  'write.distribution-mode' = 'none',
  'write.parquet.compression-codec' = 'zstd',
  'write.metadata.metrics.default' = 'none',
  'write.metadata.metrics.column.bucket' = 'full',
  'write.metadata.metrics.column.conversion_at' = 'full',
  'write.metadata.metrics.column.impression_time' = 'full',
  'write.metadata.metrics.column.folded_day' = 'full',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '20',
  'commit.manifest.min-count-to-merge' = '20'
)
