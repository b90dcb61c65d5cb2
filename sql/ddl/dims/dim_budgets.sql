-- dims.dim_budgets: budgets of advertisers over time (slowly changing dimension, type 2).
-- grain: one row per advertiser_id and validity interval [start_ts, end_ts)
-- made of: the admitted records of one snapshot of bronze.business_events, all at once, by `adlake budgets build`
-- readers: gold.latest_changed_budgets, verify
-- What clicks carry counts before the first BUDGET_CHANGE alone, as a daily budget. Equal neighbours are one row.
CREATE TABLE IF NOT EXISTS lakehouse.dims.dim_budgets (
  budget_key BIGINT NOT NULL COMMENT 'surrogate of the version: made of advertiser_id and start_ts',
  advertiser_id STRING NOT NULL,
  budget_value DECIMAL(18, 6) NOT NULL,
  period STRING NOT NULL COMMENT 'DAILY, MONTHLY or LIFETIME',
  start_ts TIMESTAMP NOT NULL,
  end_ts TIMESTAMP NOT NULL COMMENT '9999-12-31 while current',
  is_current BOOLEAN NOT NULL
)
USING iceberg
TBLPROPERTIES ('format-version' = '2')
