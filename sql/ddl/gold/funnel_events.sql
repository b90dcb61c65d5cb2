-- gold.funnel_events: each admitted SIGNUP, ACTIVATION, SHARE and COMPLETION once, however often it was delivered.
-- grain: one row per event_type and event_id
-- made of: the admitted records of bronze.business_events, whatever their order and repeats. Of several contents of
-- one event the smallest by (event_time, content) wins.
-- partition: none, since an event id tells no time; sorted by event_time
-- readers: gold.funnel_metrics_5m, verify
CREATE TABLE IF NOT EXISTS lakehouse.gold.funnel_events (
  event_type STRING NOT NULL COMMENT 'SIGNUP, ACTIVATION, SHARE or COMPLETION',
  event_id STRING NOT NULL,
  event_time TIMESTAMP NOT NULL COMMENT 'UTC',
  user_id STRING NOT NULL,
  campaign_id STRING NOT NULL,
  channel STRING NOT NULL COMMENT 'unknown: the event did not say',
  region STRING NOT NULL COMMENT 'unknown: the event did not say',
  impression_id STRING COMMENT 'of a SIGNUP that says it',
  content STRING NOT NULL COMMENT 'the columns from user_id to here as canonical JSON',
  first_ingest_ts TIMESTAMP NOT NULL COMMENT 'UTC; first arrival of the winning content'
)
USING iceberg
TBLPROPERTIES (
  'format-version' = '2',
  'write.delete.mode' = 'merge-on-read',
  'write.update.mode' = 'merge-on-read',
  'write.merge.mode' = 'merge-on-read',
  'write.merge.isolation-level' = 'serializable',
  'write.delete.granularity' = 'file',
  'write.distribution-mode' = 'none',
  'write.parquet.compression-codec' = 'zstd',
  'write.metadata.metrics.default' = 'none',
  'write.metadata.metrics.column.event_time' = 'full',
  'write.metadata.metrics.column.first_ingest_ts' = 'full',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '20',
  'commit.manifest.min-count-to-merge' = '20'
)
