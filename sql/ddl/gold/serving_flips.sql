-- gold.serving_flips: when the ads of an advertiser began and ceased to be served, and why.
-- grain: one row per flip_id; flip_number orders those of an advertiser
-- made of: gold.account_contents, whole for each advertiser of whom something new was told
-- readers: gold.advertiser_spend_hourly, gold.advertisers, gold.latest_serving_status, gold.monthly_spend, metrics,
-- the topic serving_status, verify
-- A row whose effective_at lies ahead will happen if nothing is delivered before: compare it with your own now.
CREATE TABLE IF NOT EXISTS lakehouse.gold.serving_flips (
  flip_id STRING NOT NULL COMMENT 'sha256 of advertiser, moment and trigger',
  advertiser_id STRING NOT NULL,
  advertiser STRING NOT NULL COMMENT 'the newest name that was known then, else the id',
  effective_at TIMESTAMP NOT NULL COMMENT 'UTC',
  can_serve BOOLEAN NOT NULL,
  previous_can_serve BOOLEAN COMMENT 'NULL in the first row',
  net_spend DECIMAL(38, 6) NOT NULL COMMENT 'of the period, by what was known then',
  valid_spend DECIMAL(38, 6) NOT NULL COMMENT 'likewise, before overdelivery',
  reserve DECIMAL(18, 6) NOT NULL COMMENT 'kept back for what is spent until the decision is known',
  budget_value DECIMAL(18, 6) COMMENT 'in force; NULL: none is known',
  period STRING NOT NULL COMMENT 'DAILY, MONTHLY or LIFETIME',
  period_start TIMESTAMP COMMENT 'UTC; NULL of a lifetime',
  cause STRING NOT NULL COMMENT 'FIRST_SEEN, STATUS, FLIGHT, BUDGET, PERIOD_START, CREDIT, RESERVE or SPEND',
  flip_number BIGINT NOT NULL COMMENT 'of the advertiser, from 1'
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
