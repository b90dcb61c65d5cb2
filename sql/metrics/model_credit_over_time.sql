-- model_credit_over_time: the credit of each attribution model by the time of the conversion.
-- question: How does the credit of a campaign develop under each attribution model?
-- grain: one row per model and bucket that has a conversion
-- date basis: conversion time, of the snapshot of Gold that the models were built of; the last 7 days are provisional
-- readers: analysts, notebooks
-- param bucket minute|hour|day|month|year = day: length of a bucket
-- param since timestamp = NULL: conversions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: conversions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- include time_range: moment = converted_at
-- share_of_revenue: of the whole revenue of the bucket's conversions; 1 when no campaign is chosen.
WITH touches AS (
    SELECT
        date_trunc(CAST(:bucket AS varchar), converted_at) AS bucket_at,
        coalesce(campaign_id, '') = coalesce(CAST(:campaign_id AS varchar), campaign_id, '') AS is_chosen,
        ARRAY['last', 'first', 'linear', 'position', 'time_decay', 'markov', 'shapley'] AS models,
        ARRAY[
            last_micros, first_micros, linear_micros, position_micros, time_decay_micros, markov_micros, shapley_micros
        ] AS model_micros
    FROM gold.attribution_credits
    WHERE :time_range
),

bucket_credits AS (
    SELECT
        touches.bucket_at,
        credits.model,
        sum(CAST(credits.micros AS decimal(38, 6))) AS revenue_micros,
        coalesce(
            sum(CAST(credits.micros AS decimal(38, 6))) FILTER (WHERE touches.is_chosen),
            0
        ) AS credit_micros
    FROM touches
    CROSS JOIN UNNEST(touches.models, touches.model_micros) AS credits (model, micros)
    GROUP BY touches.bucket_at, credits.model
)

SELECT
    bucket_at,
    model,
    credit_micros / 1000000 AS credit,
    CAST(credit_micros / 1000000 AS decimal(38, 9)) / nullif(revenue_micros / 1000000, 0) AS share_of_revenue
FROM bucket_credits
ORDER BY bucket_at ASC, model ASC
