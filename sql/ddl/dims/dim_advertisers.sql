-- dims.dim_advertisers: advertisers over time (slowly changing dimension, type 2). No row: ACTIVE, UTC, no flight.
-- grain: one row per advertiser_id and validity interval [start_ts, end_ts)
-- made of: gold.account_contents, whole for each advertiser of whom something new was told
-- readers: the views of budgets, metrics, verify
-- What an ADVERTISER_STATUS does not say goes on as it was.
CREATE TABLE IF NOT EXISTS lakehouse.dims.dim_advertisers (
  advertiser_key BIGINT NOT NULL COMMENT 'surrogate of the version: made of advertiser_id and start_ts',
  advertiser_id STRING NOT NULL,
  advertiser STRING NOT NULL COMMENT 'the name that was told, else the id',
  status STRING NOT NULL COMMENT 'ACTIVE or PAUSED',
  time_zone STRING NOT NULL COMMENT 'IANA name; the newest one is that of all days of the advertiser',
  flight_start TIMESTAMP COMMENT 'UTC; ads may be served from then on',
  flight_end TIMESTAMP COMMENT 'UTC; and before then',
  start_ts TIMESTAMP NOT NULL,
  end_ts TIMESTAMP NOT NULL COMMENT '9999-12-31 while current',
  is_current BOOLEAN NOT NULL
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
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '20',
  'commit.manifest.min-count-to-merge' = '20'
)
