-- gold.spend_ledger: each billed click of an advertiser once, with what credits and overdelivery take off.
-- grain: one row per advertiser_id and click_id
-- made of: gold.account_contents, whole for each advertiser of whom something new was told
-- readers: gold.daily_spend, gold.hourly_spend, gold.monthly_spend, gold.aggregated_advertiser_spend,
-- metric data_as_of, adlake budgets credit, verify
-- Hour, day and month are those of the click's own time in the zone of its advertiser (dims.dim_advertisers, newest).
CREATE TABLE IF NOT EXISTS lakehouse.gold.spend_ledger (
  advertiser_id STRING NOT NULL,
  click_id STRING NOT NULL,
  advertiser STRING NOT NULL COMMENT 'the newest name that was told, else the id',
  ad_id STRING,
  campaign_id STRING,
  impression_id STRING,
  event_time TIMESTAMP NOT NULL COMMENT 'UTC',
  amount DECIMAL(18, 6) NOT NULL COMMENT 'gross',
  credit_amount DECIMAL(18, 6) NOT NULL COMMENT 'its credits, at most the amount',
  overdelivery_amount DECIMAL(18, 6) NOT NULL COMMENT 'what lies above the cap of its budget period or month',
  net_amount DECIMAL(18, 6) NOT NULL COMMENT 'amount less both',
  spend_hour TIMESTAMP NOT NULL COMMENT 'UTC; when the local hour began',
  spend_day DATE NOT NULL COMMENT 'local',
  spend_month DATE NOT NULL COMMENT 'local; its first day',
  last_updated_ts TIMESTAMP NOT NULL COMMENT 'UTC; newest first arrival of the click and its credits'
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
