-- dims.dim_creatives: what was shown.
-- grain: one row per creative_id
-- readers: metrics, notebooks
CREATE TABLE IF NOT EXISTS lakehouse.dims.dim_creatives (
  creative_id STRING NOT NULL,
  campaign_id STRING NOT NULL,
  name STRING,
  format STRING,
  language STRING
)
USING iceberg
TBLPROPERTIES ('format-version' = '2')
