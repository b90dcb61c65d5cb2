-- dims.dim_users: demographics of the simulated audience.
-- grain: one row per user_id
-- readers: metrics, notebooks
CREATE TABLE IF NOT EXISTS lakehouse.dims.dim_users (
  user_id STRING NOT NULL,
  age_band STRING,
  gender STRING,
  country STRING,
  segment STRING,
  signup_date DATE
)
USING iceberg
TBLPROPERTIES ('format-version' = '2')
