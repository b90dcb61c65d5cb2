-- dims.dim_budgets: budgets of advertisers over time (slowly changing dimension, type 2).
-- grain: one row per advertiser_id and validity interval [start_ts, end_ts)
-- made of: gold.account_contents, whole for each advertiser of whom something new was told
-- readers: the views of budgets, metrics, verify
-- What clicks carry counts before the first BUDGET_CHANGE alone, as a daily budget. Equal neighbours are one row.
CREATE TABLE IF NOT EXISTS lakehouse.dims.dim_budgets (
  budget_key BIGINT NOT NULL COMMENT 'surrogate of the version: made of advertiser_id and start_ts',
  advertiser_id STRING NOT NULL,
  budget_value DECIMAL(18, 6) NOT NULL,
  period STRING NOT NULL COMMENT 'DAILY, MONTHLY or LIFETIME',
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
