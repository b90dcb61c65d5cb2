-- dims.dim_advertisers: advertisers over time (slowly changing dimension, type 2). No row: ACTIVE, UTC, no flight.
-- grain: one row per advertiser_id and validity interval [start_ts, end_ts)
-- made of: the admitted records of one snapshot of bronze.business_events, all at once, by `adlake budgets build`
-- readers: verify
-- What an ADVERTISER_STATUS does not say goes on as it was.
CREATE TABLE IF NOT EXISTS lakehouse.dims.dim_advertisers (
  advertiser_key BIGINT NOT NULL COMMENT 'surrogate of the version: made of advertiser_id and start_ts',
  advertiser_id STRING NOT NULL,
  advertiser STRING NOT NULL COMMENT 'the name that was told, else the id',
  status STRING NOT NULL COMMENT 'ACTIVE or PAUSED',
  time_zone STRING NOT NULL COMMENT 'IANA name; the newest one is that of all days of the advertiser',
  flight_start TIMESTAMP COMMENT 'UTC; ads may be served from then on',
  flight_end TIMESTAMP COMMENT 'UTC; and before then',
  start_ts TIMESTAMP NOT NULL,
  end_ts TIMESTAMP NOT NULL COMMENT '9999-12-31 while current',
  is_current BOOLEAN NOT NULL
)
USING iceberg
TBLPROPERTIES ('format-version' = '2')
