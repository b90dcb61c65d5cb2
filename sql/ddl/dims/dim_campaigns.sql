-- dims.dim_campaigns: campaigns and their budgets over time (slowly changing dimension, type 2).
-- grain: one row per campaign_id and validity interval [start_ts, end_ts)
-- made of: the admitted updates of bronze.campaign_updates, whatever their order and repeats
-- readers: metrics, dashboard, point-in-time budgets
CREATE TABLE IF NOT EXISTS lakehouse.dims.dim_campaigns (
  campaign_key BIGINT NOT NULL COMMENT 'surrogate of the version: made of campaign_id and start_ts',
  campaign_id STRING NOT NULL,
  name STRING,
  advertiser_id STRING,
  channel STRING,
  objective STRING,
  budget_type STRING COMMENT 'DAILY, MONTHLY or LIFETIME',
  budget_amount DECIMAL(18, 6),
  status STRING COMMENT 'ACTIVE, PAUSED or DELETED',
  start_ts TIMESTAMP NOT NULL,
  end_ts TIMESTAMP NOT NULL COMMENT '9999-12-31 while current',
  is_current BOOLEAN NOT NULL,
  updates_state STRING COMMENT 'the updates that took effect in it, as JSON; NULL: loaded from a file'
)
USING iceberg
TBLPROPERTIES ('format-version' = '2')
