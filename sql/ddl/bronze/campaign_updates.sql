-- bronze.campaign_updates: every Kafka record of the topic campaign_updates, once, as it came.
-- grain: one row per (kafka_topic, kafka_partition, kafka_offset); readers treat these as the key
-- partition: hour of partition_ts (event time, or ingest time where that is unusable; a batch of more
-- than 100 hours is filed under coarser times)
-- readers: verify, audit views
CREATE TABLE IF NOT EXISTS lakehouse.bronze.campaign_updates (
  event_id STRING,
  event_type STRING,
  event_timestamp TIMESTAMP COMMENT 'NULL when unreadable',
  campaign_id STRING,
  raw_payload STRING COMMENT 'the exact text, when the bytes are valid UTF-8',
  raw_bytes BINARY COMMENT 'the exact bytes, only when they are not',
  kafka_topic STRING NOT NULL,
  kafka_partition INT NOT NULL,
  kafka_offset BIGINT NOT NULL,
  kafka_key BINARY,
  ingest_ts TIMESTAMP NOT NULL COMMENT 'Kafka record timestamp, milliseconds',
  contract_version INT NOT NULL COMMENT 'of the contract that the record was judged by',
  reject_reason STRING COMMENT 'NULL: admitted',
  reject_detail STRING,
  partition_ts TIMESTAMP NOT NULL COMMENT 'event time clamped to ingest time'
)
USING iceberg
PARTITIONED BY (hours(partition_ts))
TBLPROPERTIES (
  'format-version' = '2',
  'write.distribution-mode' = 'none',
  'write.spark.fanout.enabled' = 'true',
  'write.parquet.compression-codec' = 'zstd',
  'write.metadata.metrics.default' = 'none',
  'write.metadata.metrics.column.kafka_partition' = 'full',
  'write.metadata.metrics.column.kafka_offset' = 'full',
  'write.metadata.metrics.column.ingest_ts' = 'full',
  'write.metadata.metrics.column.event_timestamp' = 'full',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '20',
  'commit.manifest.min-count-to-merge' = '20'
)
