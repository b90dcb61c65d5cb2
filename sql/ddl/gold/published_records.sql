-- gold.published_records: what was sent to topics for others to read: of each record the newest one.
-- grain: one row per topic and record_id
-- made of: nothing that Bronze tells: the stream writes it down after the broker has taken the records.
-- readers: the stream, which sends what differs from it
CREATE TABLE IF NOT EXISTS lakehouse.gold.published_records (
  topic STRING NOT NULL COMMENT 'as the broker calls it',
  record_id STRING NOT NULL COMMENT 'user_id of a customer, flip_id of a serving decision',
  record_key STRING NOT NULL COMMENT 'key of the record',
  payload_sha256 STRING COMMENT 'of the value; NULL: the row is gone, and a record without a value said so'
)
USING iceberg
TBLPROPERTIES (
  'format-version' = '2',
  'write.delete.mode' = 'merge-on-read',
  'write.update.mode' = 'merge-on-read',
  'write.merge.mode' = 'merge-on-read',
  'write.delete.granularity' = 'file',
  'write.distribution-mode' = 'none',
  'write.parquet.compression-codec' = 'zstd',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '20',
  'commit.manifest.min-count-to-merge' = '20'
)
