-- path_lengths: how many ads a user was shown before a conversion, and how long that took.
-- question: How many touches, over how many hours, lead to a conversion?
-- grain: one row per number of touches on the path of a conversion
-- date basis: conversion time, of the snapshot of Gold that the models were built of; the last 7 days are provisional
-- readers: analysts, notebooks
-- param since timestamp = NULL: conversions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: conversions before this time; NULL: to the end
-- include time_range: moment = converted_at
-- campaigns: different ones on a path, on average. hours: from the first touch to the conversion, on average.
WITH paths AS (
    SELECT
        conversion_id,
        count(*) AS touches,
        count(DISTINCT coalesce('campaign ' || campaign_id, '')) AS campaigns,
        min(value_micros) AS micros,
        date_diff('second', min(touched_at), min(converted_at)) AS seconds
    FROM gold.attribution_credits
    WHERE :time_range
    GROUP BY conversion_id
),

lengths AS (
    SELECT
        touches,
        count(*) AS conversions,
        sum(CAST(micros AS decimal(38, 6))) / 1000000 AS revenue,
        sum(campaigns) AS campaigns,
        sum(seconds) AS seconds
    FROM paths
    GROUP BY touches
)

SELECT
    touches,
    conversions,
    revenue,
    CAST(conversions AS decimal(38, 9)) / nullif(sum(conversions) OVER (), 0) AS share_of_conversions,
    CAST(campaigns AS decimal(38, 9)) / nullif(conversions, 0) AS campaigns,
    CAST(seconds AS decimal(38, 9)) / nullif(conversions * 3600, 0) AS hours
FROM lengths
ORDER BY touches
