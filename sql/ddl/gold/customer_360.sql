-- gold.customer_360: each customer as one row: profile, orders, messages, stage with its history, score, segments.
-- grain: one row per user_id
-- made of: gold.customer_events where is_counted, whole for each customer that a batch touches, and of the day that
-- customers have lapsed on (as_of_date).
-- partition: none; sorted by user_id
-- readers: gold.customer_stage_history, gold.customer_segments, gold.customer_360_with_ads, verify
CREATE TABLE IF NOT EXISTS lakehouse.gold.customer_360 (
  user_id STRING NOT NULL,
  name STRING COMMENT 'of the latest profile by (event time, event id), as all of the profile',
  email_sha256 STRING,
  geo_country STRING,
  created_at TIMESTAMP COMMENT 'UTC; first profile',
  is_active BOOLEAN NOT NULL COMMENT 'has ordered',
  order_count BIGINT NOT NULL,
  lifetime_value DECIMAL(38, 6) NOT NULL COMMENT 'sum of the orders',
  first_order_time TIMESTAMP COMMENT 'UTC',
  last_order_time TIMESTAMP COMMENT 'UTC',
  delivered_count BIGINT NOT NULL COMMENT 'messages whose latest status is DELIVERED',
  failed_count BIGINT NOT NULL COMMENT 'messages whose latest status is FAILED',
  activation_count BIGINT NOT NULL COMMENT 'messages',
  engagement_rate DOUBLE NOT NULL COMMENT 'delivered of all messages, as a fraction; 0 without any',
  lifecycle_stage STRING NOT NULL COMMENT 'evangelist, high-value, engaged, customer or prospect',
  previous_stage STRING COMMENT 'NULL: the present one is the first',
  stage_changed_at TIMESTAMP NOT NULL COMMENT 'UTC; when the present stage began',
  propensity_score DECIMAL(9, 6) NOT NULL COMMENT 'a score by rules, no trained model',
  propensity_band STRING NOT NULL COMMENT 'low, medium or high',
  segments ARRAY<STRING> NOT NULL COMMENT 'in alphabetical order',
  rule_version INT NOT NULL COMMENT 'of stages, score and segments',
  last_updated_ts TIMESTAMP NOT NULL COMMENT 'UTC; newest first arrival of what counts',
  as_of_date DATE COMMENT 'the day that the segment lapsed is about; NULL: nobody has lapsed',
  stage_history ARRAY<STRUCT<stage: STRING, entered_at: TIMESTAMP, left_at: TIMESTAMP, order_count: BIGINT, lifetime_value: DECIMAL(38, 6), engagement_rate: DOUBLE>> NOT NULL COMMENT 'in order of time; left_at NULL: the present one' -- noqa: LT05
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
  'write.metadata.metrics.column.user_id' = 'truncate(36)',
  'write.metadata.metrics.column.last_updated_ts' = 'full',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '20',
  'commit.manifest.min-count-to-merge' = '20'
)
