-- removal_effects: what the Markov model says would be lost without a campaign, beside its credit.
-- question: How many of the conversions would not come without the campaign?
-- grain: one row per campaign_id on a path of a user, largest effect first; NULL: no campaign is known
-- date basis: none: all paths in the snapshot of Gold that the models were built of
-- readers: analysts, notebooks
-- Removal effects overlap, so they sum to more than 1. A conversion is divided by the effects of the campaigns on
-- its own path: markov_credit sums to the revenue of all conversions, to the micro.
WITH campaign_credits AS (
    SELECT
        coalesce('campaign ' || campaign_id, '') AS campaign_key,
        count(DISTINCT conversion_id) AS conversions,
        sum(CAST(markov_micros AS decimal(38, 6))) / 1000000 AS markov_credit
    FROM gold.attribution_credits
    GROUP BY campaign_id
)

SELECT
    effects.campaign_id,
    CAST(effects.lost AS decimal(38, 12)) / nullif(effects.converts, 0) AS removal_effect,
    effects.converts AS conversion_probability,
    coalesce(campaign_credits.conversions, 0) AS conversions,
    coalesce(campaign_credits.markov_credit, 0) AS markov_credit
FROM gold.campaign_removal_effects AS effects
LEFT JOIN campaign_credits ON coalesce('campaign ' || effects.campaign_id, '') = campaign_credits.campaign_key
ORDER BY removal_effect DESC, effects.campaign_id ASC NULLS LAST
