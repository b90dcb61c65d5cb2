-- gold.ad_performance_state: the attribution state of every impression.
-- grain: one row per impression_id
-- partition: engaged (more happened than its impression), day of the slot; sorted by slot, impression_id
-- readers: metrics, dashboard, API, notebooks, verify
-- The first 18 columns are the contract (docs/data-model.md); then what the MERGE needs, and last the segments, which
-- older lakes got later: a replay takes files over between tables whose columns have one order.
CREATE TABLE IF NOT EXISTS lakehouse.gold.ad_performance_state (
  impression_id STRING NOT NULL,
  campaign_id STRING,
  creative_id STRING,
  user_id STRING,
  geo_country STRING,
  platform STRING,
  is_clicked BOOLEAN NOT NULL,
  is_converted BOOLEAN NOT NULL,
  impression_time TIMESTAMP COMMENT 'UTC; NULL: no impression seen',
  click_time TIMESTAMP COMMENT 'UTC; of the credited click',
  conversion_time TIMESTAMP COMMENT 'UTC; of the attributed conversion',
  cost DECIMAL(18, 6) COMMENT 'NULL: unknown, never 0',
  revenue DECIMAL(18, 6) NOT NULL,
  eligible BOOLEAN COMMENT 'NULL: no conversion seen',
  late_by_ms BIGINT NOT NULL,
  is_late BOOLEAN NOT NULL,
  revenue_out_of_window DECIMAL(38, 6) NOT NULL COMMENT 'every conversion but the attributed one',
  last_updated_ts TIMESTAMP NOT NULL COMMENT 'newest first arrival among the events',
  events_state STRING NOT NULL COMMENT 'JSON array sorted by event id, see docs/data-model.md',
  law_version INT NOT NULL,
  slot INT NOT NULL COMMENT '10-second interval derived from impression_id',
  engaged BOOLEAN NOT NULL COMMENT 'has more than its one impression',
  channel STRING COMMENT 'of the donor event; NULL: no delivery of it names one',
  region STRING COMMENT 'of the donor event, else its country in small letters; NULL: unknown'
)
USING iceberg
PARTITIONED BY (engaged, truncate(8640, slot))
TBLPROPERTIES (
  'format-version' = '2',
  'write.delete.mode' = 'merge-on-read',
  'write.update.mode' = 'merge-on-read',
  'write.merge.mode' = 'merge-on-read',
  'write.merge.isolation-level' = 'serializable',
  'write.delete.granularity' = 'file',
  'write.merge.distribution-mode' = 'hash',
  'write.distribution-mode' = 'none',
  'write.parquet.compression-codec' = 'zstd',
  'write.parquet.row-group-size-bytes' = '4194304',
  'write.metadata.metrics.default' = 'none',
  'write.metadata.metrics.column.slot' = 'full',
  'write.metadata.metrics.column.engaged' = 'full',
  'write.metadata.metrics.column.impression_time' = 'full',
  'write.metadata.metrics.column.last_updated_ts' = 'full',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '20',
  'commit.manifest.min-count-to-merge' = '20'
)
