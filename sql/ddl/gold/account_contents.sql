-- gold.account_contents: what was said in each admitted event about an advertiser, with its first delivery.
-- grain: one row per event (event_type, owner, counted_id) and content (ts_ms, micros, content)
-- made of: the admitted AD_CLICK, SPEND_CREDIT, BUDGET_CHANGE and ADVERTISER_STATUS of bronze.business_events, whatever
-- their order and repeats. All contents of an event are kept: of them the smallest counts, and decisions of the past
-- were taken by those that had come.
-- partition: none, since ids tell no time; sorted by advertiser_id
-- readers: gold.spend_ledger, gold.serving_flips, dims.dim_budgets, dims.dim_advertisers, metric advertisers, verify
CREATE TABLE IF NOT EXISTS lakehouse.gold.account_contents (
  event_type STRING NOT NULL,
  owner STRING NOT NULL COMMENT 'the advertiser of a click, whose ids are unique within it; empty for other events',
  counted_id STRING NOT NULL COMMENT 'click_id of an AD_CLICK, credit_id of a SPEND_CREDIT, else event_id',
  ts_ms BIGINT NOT NULL COMMENT 'event time, epoch milliseconds',
  micros BIGINT NOT NULL COMMENT 'amount, or the budget of a BUDGET_CHANGE; 0 of a status',
  content STRING NOT NULL COMMENT 'the other fields that contents are compared by, as canonical JSON',
  ingest_ms BIGINT NOT NULL COMMENT 'arrival of its first delivery, epoch milliseconds',
  kafka_partition INT NOT NULL COMMENT 'likewise',
  kafka_offset BIGINT NOT NULL COMMENT 'likewise',
  advertiser_id STRING NOT NULL,
  advertiser STRING COMMENT 'the name that it tells',
  ad_id STRING,
  campaign_id STRING,
  impression_id STRING,
  click_id STRING COMMENT 'what a SPEND_CREDIT is for',
  budget_micros BIGINT COMMENT 'what an AD_CLICK carries, or a BUDGET_CHANGE sets',
  period STRING NOT NULL COMMENT 'of a BUDGET_CHANGE, else DAILY',
  status STRING,
  time_zone STRING,
  flight_start_ms BIGINT,
  flight_end_ms BIGINT
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
  'write.metadata.metrics.column.advertiser_id' = 'truncate(36)',
  'write.metadata.metrics.column.ts_ms' = 'full',
  'write.metadata.metrics.column.ingest_ms' = 'full',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '20',
  'commit.manifest.min-count-to-merge' = '20'
)
