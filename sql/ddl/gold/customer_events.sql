-- gold.customer_events: each admitted CUSTOMER_PROFILE, ORDER and MESSAGE_STATUS once for each customer it names,
-- however often it was delivered.
-- grain: one row per event_type, counted_id and user_id
-- made of: the admitted records of bronze.business_events, whatever their order and repeats. Of several contents
-- of one event the smallest by (event_time, amount, other fields) wins. Where two customers have one event, the
-- smaller of their contents counts (is_counted), and the other row waits.
-- partition: none, since ids tell no time; sorted by user_id
-- readers: gold.customer_360, verify
CREATE TABLE IF NOT EXISTS lakehouse.gold.customer_events (
  event_type STRING NOT NULL COMMENT 'CUSTOMER_PROFILE, ORDER or MESSAGE_STATUS',
  counted_id STRING NOT NULL COMMENT 'order_id of an ORDER, else event_id',
  user_id STRING NOT NULL,
  event_time TIMESTAMP NOT NULL COMMENT 'UTC',
  amount DECIMAL(18, 6) COMMENT 'of an ORDER',
  activation_id STRING COMMENT 'the message of a MESSAGE_STATUS',
  campaign_id STRING COMMENT 'of a MESSAGE_STATUS that says it',
  channel STRING COMMENT 'of a MESSAGE_STATUS: email, sms, push or in_app',
  status STRING COMMENT 'of a MESSAGE_STATUS: DELIVERED or FAILED',
  name STRING COMMENT 'of a CUSTOMER_PROFILE that says it',
  email_sha256 STRING COMMENT 'of a CUSTOMER_PROFILE: of the address in small letters without blanks around it',
  geo_country STRING COMMENT 'of a CUSTOMER_PROFILE that says it',
  is_counted BOOLEAN NOT NULL COMMENT 'false: the event is that of another customer',
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
  'write.metadata.metrics.column.user_id' = 'truncate(36)',
  'write.metadata.metrics.column.event_time' = 'full',
  'write.metadata.metrics.column.is_counted' = 'full',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '20',
  'commit.manifest.min-count-to-merge' = '20'
)
