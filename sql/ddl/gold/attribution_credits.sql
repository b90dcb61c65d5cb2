-- gold.attribution_credits: what each attribution model credits each ad with for each attributed conversion.
-- grain: one row per attributed conversion (conversion_id) and touch of its path (impression_id)
-- made of: one snapshot of Gold, all at once, by `adlake models build`
-- readers: gold.credit_by_model, metrics, Metabase, notebooks
-- In each column ..._micros but the value, the rows of a conversion sum to its value_micros.
CREATE TABLE IF NOT EXISTS lakehouse.gold.attribution_credits (
  conversion_id STRING NOT NULL COMMENT 'the impression that the law credits; it names the conversion',
  impression_id STRING NOT NULL COMMENT 'the touch: an ad that the same user was shown',
  user_id STRING,
  campaign_id STRING COMMENT 'of the touch',
  creative_id STRING COMMENT 'of the touch',
  converted_at TIMESTAMP NOT NULL COMMENT 'UTC',
  touched_at TIMESTAMP NOT NULL COMMENT 'UTC; latest moment of the touch that counts for the path',
  place INT NOT NULL COMMENT '1 is the first touch of the path',
  places INT NOT NULL COMMENT 'touches of the path',
  value_micros BIGINT NOT NULL COMMENT 'of the conversion',
  last_micros BIGINT NOT NULL,
  first_micros BIGINT NOT NULL,
  linear_micros BIGINT NOT NULL,
  position_micros BIGINT NOT NULL,
  time_decay_micros BIGINT NOT NULL,
  markov_micros BIGINT NOT NULL,
  shapley_micros BIGINT NOT NULL
)
USING iceberg
TBLPROPERTIES ('format-version' = '2')
