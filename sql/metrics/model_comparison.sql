-- model_comparison: the seven attribution models side by side, in money.
-- question: What does each campaign get credit for under each attribution model?
-- grain: one row per campaign_id on a path of a conversion, largest Shapley credit first; NULL: no campaign is known
-- date basis: conversion time, of the snapshot of Gold that the models were built of; the last 7 days are provisional
-- readers: analysts, notebooks
-- param since timestamp = NULL: conversions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: conversions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- param most integer = NULL: the first so many campaigns; NULL: all
-- include time_range: moment = converted_at
-- Each column sums to the revenue of the conversions, to the micro, when no campaign is chosen.
-- conversions: on whose path the campaign is; a conversion is on several rows.
WITH campaign_credits AS (
    SELECT
        campaign_id,
        count(DISTINCT conversion_id) AS conversions,
        count(*) AS touches,
        sum(CAST(last_micros AS decimal(38, 6))) / 1000000 AS last_credit,
        sum(CAST(first_micros AS decimal(38, 6))) / 1000000 AS first_credit,
        sum(CAST(linear_micros AS decimal(38, 6))) / 1000000 AS linear_credit,
        sum(CAST(position_micros AS decimal(38, 6))) / 1000000 AS position_credit,
        sum(CAST(time_decay_micros AS decimal(38, 6))) / 1000000 AS time_decay_credit,
        sum(CAST(markov_micros AS decimal(38, 6))) / 1000000 AS markov_credit,
        sum(CAST(shapley_micros AS decimal(38, 6))) / 1000000 AS shapley_credit
    FROM gold.attribution_credits
    WHERE
        :time_range
        AND coalesce(campaign_id, '') = coalesce(CAST(:campaign_id AS varchar), campaign_id, '')
    GROUP BY campaign_id
),

ranked_campaigns AS (
    SELECT
        *,
        row_number() OVER (ORDER BY shapley_credit DESC, campaign_id ASC NULLS LAST) AS place
    FROM campaign_credits
)

SELECT
    campaign_id,
    conversions,
    touches,
    last_credit,
    first_credit,
    linear_credit,
    position_credit,
    time_decay_credit,
    markov_credit,
    shapley_credit
FROM ranked_campaigns
WHERE place <= coalesce(CAST(:most AS bigint), place)
ORDER BY place
