-- fast_conversions: attributed conversions that follow their click faster than a person can buy.
-- question: Which campaigns get conversions that no person can have made?
-- grain: one row per campaign_id with an attributed conversion, most fast ones first; campaigns counts all of them
-- date basis: conversion time
-- readers: Grafana (trust), analysts
-- param fast_conversion_ms integer = 1000: shortest time from the click that a person needs, in milliseconds
-- param since timestamp = NULL: conversions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: conversions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- param most integer = NULL: the first so many campaigns; NULL: all
-- include time_range: moment = conversion_time
-- The time is that from the credited click. Conversions of orphans are in it.
WITH judged_conversions AS (
    SELECT
        campaign_id,
        revenue,
        coalesce(
            date_diff('millisecond', click_time, conversion_time) < CAST(:fast_conversion_ms AS bigint), FALSE
        ) AS is_fast
    FROM gold.ad_performance_state
    WHERE
        is_converted
        AND engaged
        AND :time_range
        AND (CAST(:campaign_id AS varchar) IS NULL OR campaign_id = CAST(:campaign_id AS varchar))
),

campaign_totals AS (
    SELECT
        campaign_id,
        count(*) AS conversions,
        count_if(is_fast) AS fast_conversions,
        sum(revenue) AS revenue,
        coalesce(sum(revenue) FILTER (WHERE is_fast), 0) AS fast_revenue
    FROM judged_conversions
    GROUP BY campaign_id
),

ranked_campaigns AS (
    SELECT
        *,
        row_number() OVER (ORDER BY fast_conversions DESC, conversions DESC, campaign_id ASC) AS place,
        count(*) OVER () AS campaigns
    FROM campaign_totals
)

SELECT
    campaign_id,
    conversions,
    fast_conversions,
    CAST(fast_conversions AS decimal(38, 9)) / nullif(conversions, 0) AS fast_conversion_share,
    revenue,
    fast_revenue,
    campaigns
FROM ranked_campaigns
WHERE place <= coalesce(CAST(:most AS bigint), place)
ORDER BY place
