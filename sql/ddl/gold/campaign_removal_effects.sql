-- gold.campaign_removal_effects: how much likelier a path leads to a conversion with a campaign than without.
-- grain: one row per campaign_id on a path of a user; NULL is a campaign of its own
-- made of: all paths in one snapshot of Gold, also those that led to nothing, by `adlake models build`
-- readers: metric removal_effects, notebooks
-- Removal effect of the Markov model = lost / converts.
CREATE TABLE IF NOT EXISTS lakehouse.gold.campaign_removal_effects (
  campaign_id STRING,
  lost DECIMAL(18, 12) NOT NULL COMMENT 'probability of a conversion that goes with the campaign',
  converts DECIMAL(18, 12) NOT NULL COMMENT 'probability that a path leads to a conversion; the same in all rows'
)
USING iceberg
TBLPROPERTIES ('format-version' = '2')
