-- gold.advertiser_spend_hourly: what advertisers spent in each local hour with billed clicks.
-- grain: one row per advertiser_id and spend_hour
-- made of: the billed clicks, budgets and flips that were made with it
-- readers: gold.hourly_average_budget, gold.latest_serving_status, gold.advertisers, metrics, verify
CREATE TABLE IF NOT EXISTS lakehouse.gold.advertiser_spend_hourly (
  advertiser STRING NOT NULL,
  advertiser_id STRING NOT NULL,
  gross_spend DECIMAL(38, 6) NOT NULL,
  valid_spend DECIMAL(38, 6) NOT NULL COMMENT 'gross less credits',
  net_spend DECIMAL(38, 6) NOT NULL COMMENT 'valid less overdelivery',
  credit_amount DECIMAL(38, 6) NOT NULL,
  overdelivery_amount DECIMAL(38, 6) NOT NULL,
  record_count BIGINT NOT NULL COMMENT 'billed clicks, credited ones included',
  budget_value DECIMAL(18, 6) COMMENT 'in force at the last moment of the hour; NULL: none was known',
  can_serve BOOLEAN COMMENT 'by the last flip before window_end; NULL: no decision had been taken',
  window_start TIMESTAMP NOT NULL COMMENT 'UTC',
  window_end TIMESTAMP NOT NULL COMMENT 'UTC',
  spend_hour TIMESTAMP NOT NULL COMMENT 'UTC; when the local hour began',
  spend_day DATE NOT NULL COMMENT 'local',
  spend_month DATE NOT NULL COMMENT 'local; its first day'
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
