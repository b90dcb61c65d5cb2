-- bridge_conversions: the conversions behind one bucket of the bridge, largest value first.
-- question: Which conversions are in this bucket?
-- grain: one row per distinct conversion event; conversions says how many there are in all
-- date basis: conversion time; of a refused conversion whose time is unusable its arrival
-- readers: dashboard (bridge), analysts
-- param bucket varchar = NULL: one bucket, as metric bridge names it; NULL: all
-- param since timestamp = NULL: conversions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: conversions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- param geo_country varchar = NULL: one country; NULL: all
-- param platform varchar = NULL: one platform; NULL: all
-- param most integer = 100: the first so many; NULL: all
-- relation conversion_buckets
-- `.venv/bin/adlake explain IMPRESSION_ID` says why a conversion is in its bucket. Cost: as metric bridge.
WITH listed AS (
    SELECT
        impression_id,
        event_id,
        campaign_id,
        geo_country,
        platform,
        conversion_at,
        bucket,
        reject_reason,
        refused_at,
        sum(value) AS value
    FROM conversion_buckets
    WHERE bucket = coalesce(CAST(:bucket AS varchar), bucket)
    GROUP BY
        impression_id, event_id, campaign_id, geo_country, platform, conversion_at, bucket, reject_reason, refused_at
    HAVING sum(conversions) > 0
),

ranked AS (
    SELECT
        *,
        row_number() OVER (
            ORDER BY value DESC NULLS LAST, conversion_at DESC, impression_id ASC, event_id ASC
        ) AS place,
        count(*) OVER () AS conversions
    FROM listed
)

SELECT
    impression_id,
    event_id,
    campaign_id,
    geo_country,
    platform,
    conversion_at,
    bucket,
    reject_reason,
    value,
    conversions
FROM ranked
WHERE place <= coalesce(CAST(:most AS bigint), place)
ORDER BY place
