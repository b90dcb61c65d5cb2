-- audit.completeness_ledger: what each batch of the stream counted, partition by partition.
-- grain: one row per (topic_id, epoch, batch_id, kafka_partition)
-- key: the grain; copied from the stamps of Bronze's commits between batches (jobs/completeness.py)
-- readers: audit.completeness_gaps, audit.batch_completeness, verify, dashboard
CREATE TABLE IF NOT EXISTS lakehouse.audit.completeness_ledger (
  kafka_topic STRING NOT NULL,
  topic_id STRING NOT NULL COMMENT 'id that Kafka gave the topic: offsets mean nothing without it',
  epoch BIGINT NOT NULL COMMENT 'lease generation of the writer',
  batch_id BIGINT NOT NULL COMMENT 'starts at 0 again in each generation',
  kafka_partition INT NOT NULL,
  first_offset BIGINT NOT NULL,
  next_offset BIGINT NOT NULL COMMENT 'exclusive end',
  admitted BIGINT NOT NULL,
  rejected BIGINT NOT NULL,
  bronze_snapshot_id BIGINT NOT NULL COMMENT 'the commit that appended the batch',
  bronze_sequence BIGINT NOT NULL COMMENT 'orders the commits of Bronze',
  bronze_rows_added BIGINT NOT NULL COMMENT 'rows of that commit, counted by Iceberg, all partitions',
  bronze_rows BIGINT NOT NULL COMMENT 'rows of Bronze after that commit, counted by Iceberg',
  committed_at TIMESTAMP NOT NULL,
  empty_before BIGINT COMMENT 'offsets since the batch before that hold no record, as the broker said',
  empty_within BIGINT COMMENT 'the same from first_offset to next_offset; NULL: nobody asked'
)
USING iceberg
TBLPROPERTIES (
  'format-version' = '2',
  'write.distribution-mode' = 'none',
  'write.parquet.compression-codec' = 'zstd',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '20',
  'commit.manifest.min-count-to-merge' = '20'
)
