-- bridge: the value of all conversions, each unit of it in exactly one bucket.
-- question: Where does the conversion value stay that is not attributed?
-- grain: one row per bucket, the attributed first; with split_by one such set per day or campaign
-- date basis: conversion time; of a refused conversion whose time is unusable its arrival
-- readers: dashboard (bridge), analysts
-- param split_by none|day|campaign = none: a set for each day (newest first) or campaign (largest value first)
-- param since timestamp = NULL: conversions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: conversions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- param geo_country varchar = NULL: one country; NULL: all
-- param platform varchar = NULL: one platform; NULL: all
-- param most integer = NULL: the first so many sets; NULL: all; splits says how many there are
-- relation conversion_buckets
-- The values of all buckets are together the value of all distinct conversion events of Bronze, to the last micro.
-- Buckets: ATTRIBUTED; ORPHAN, attributed to an impression that never came; REPEAT_CONVERSION, a later one of an
-- impression that has its attributed one; OUT_OF_WINDOW, beyond the lookback; CONVERSION_BEFORE_CLICK; NO_CLICK;
-- REJECTED, refused at admission and never admitted. A refused delivery that names no type is no conversion: see
-- rejected_by_reason. without_value counts refused conversions that name no amount of money; they add 0.
-- A conversion counts at its own time, so ATTRIBUTED of a range is not the revenue by impression time.
-- Cost: gold.rollup_conversions, and of Bronze the payloads of refused conversions; since and until skip files of other
-- times.
WITH bucketed AS (
    SELECT
        bucket,
        conversions,
        value,
        CASE CAST(:split_by AS varchar)
            WHEN 'day' THEN CAST(CAST(conversion_at AS date) AS varchar)
            WHEN 'campaign' THEN campaign_id
        END AS split_value
    FROM conversion_buckets
),

bucket_totals AS (
    SELECT
        split_value,
        bucket,
        sum(conversions) AS conversions,
        count_if(value IS NULL) AS without_value,
        coalesce(sum(value), 0) AS value
    FROM bucketed
    GROUP BY split_value, bucket
    HAVING sum(conversions) > 0
),

split_totals AS (
    SELECT
        split_value,
        sum(value) AS split_total
    FROM bucket_totals
    GROUP BY split_value
),

ranked_splits AS (
    SELECT
        split_value,
        split_total,
        row_number() OVER (
            ORDER BY
                if(CAST(:split_by AS varchar) = 'day', split_value) DESC,
                split_total DESC,
                split_value ASC NULLS LAST
        ) AS place,
        count(*) OVER () AS splits
    FROM split_totals
),

-- Without a split there is one set of buckets, even of an empty lake.
shown_splits AS (
    SELECT *
    FROM ranked_splits
    WHERE place <= coalesce(CAST(:most AS bigint), place)
    UNION ALL
    SELECT
        NULL AS split_value,
        0 AS split_total,
        1 AS place,
        1 AS splits
    WHERE
        CAST(:split_by AS varchar) = 'none'
        AND NOT EXISTS (SELECT 1 FROM split_totals)
),

buckets (step_number, bucket) AS (
    VALUES
    (1, 'ATTRIBUTED'),
    (2, 'ORPHAN'),
    (3, 'REPEAT_CONVERSION'),
    (4, 'OUT_OF_WINDOW'),
    (5, 'CONVERSION_BEFORE_CLICK'),
    (6, 'NO_CLICK'),
    (7, 'REJECTED')
)

SELECT
    shown_splits.split_value,
    buckets.step_number,
    buckets.bucket,
    coalesce(bucket_totals.conversions, 0) AS conversions,
    coalesce(bucket_totals.without_value, 0) AS without_value,
    coalesce(bucket_totals.value, 0) AS value,
    CAST(coalesce(bucket_totals.value, 0) AS decimal(38, 9)) / nullif(shown_splits.split_total, 0) AS share,
    shown_splits.splits
FROM shown_splits
CROSS JOIN buckets
LEFT JOIN bucket_totals
    ON
        shown_splits.split_value IS NOT DISTINCT FROM bucket_totals.split_value
        AND buckets.bucket = bucket_totals.bucket
ORDER BY shown_splits.place, buckets.step_number
