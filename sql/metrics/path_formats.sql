-- path_formats: how impressions convert by the format of the ad that the same user was shown before.
-- question: Does a banner after a video convert better than a banner alone?
-- grain: one row per pair of formats, the one before and this one; (none): no ad was shown to the user shortly before
-- date basis: impression time; the last 7 days are provisional
-- readers: analysts, notebooks
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- param within_hours integer = 168: an ad that was shown longer before does not count
-- include time_range: moment = impression_time
-- lift: the conversion rate of the pair over that of the same format whatever came before; above 1 is better.
-- Few conversions make a lift of any size: look at their number first. Users that are not known have no before.
-- An impression before since is not seen, so give a range that is longer than within_hours.
WITH impressions AS (
    SELECT
        user_id,
        impression_id,
        creative_id,
        impression_time,
        is_converted,
        revenue
    FROM gold.ad_performance_state
    WHERE
        impression_time IS NOT NULL
        AND :time_range
        AND campaign_id = coalesce(CAST(:campaign_id AS varchar), campaign_id)
),

shown AS (
    SELECT
        impressions.user_id,
        impressions.impression_id,
        impressions.impression_time,
        impressions.is_converted,
        impressions.revenue,
        CASE
            WHEN impressions.creative_id IS NULL THEN '(no creative)'
            ELSE coalesce(creatives.format, '(not in dim_creatives)')
        END AS format
    FROM impressions
    LEFT JOIN dims.dim_creatives AS creatives ON impressions.creative_id = creatives.creative_id
),

followed AS (
    SELECT
        user_id,
        format,
        is_converted,
        revenue,
        impression_time,
        lag(format) OVER (PARTITION BY user_id ORDER BY impression_time ASC, impression_id ASC) AS last_format,
        lag(impression_time) OVER (PARTITION BY user_id ORDER BY impression_time ASC, impression_id ASC) AS last_time
    FROM shown
),

named_pairs AS (
    SELECT
        format,
        is_converted,
        revenue,
        CASE
            WHEN
                user_id IS NOT NULL
                AND date_diff('second', last_time, impression_time) <= 3600 * CAST(:within_hours AS bigint)
                THEN last_format
            ELSE '(none)'
        END AS format_before
    FROM followed
),

pairs AS (
    SELECT
        format_before,
        format,
        count(*) AS impressions,
        count_if(is_converted) AS conversions,
        coalesce(sum(revenue), 0) AS revenue
    FROM named_pairs
    GROUP BY format_before, format
)

SELECT
    format_before,
    format,
    impressions,
    conversions,
    revenue,
    CAST(conversions AS decimal(38, 9)) / nullif(impressions, 0) AS conversion_rate,
    CAST(conversions * sum(impressions) OVER (PARTITION BY format) AS decimal(38, 9))
    / nullif(impressions * sum(conversions) OVER (PARTITION BY format), 0) AS lift
FROM pairs
ORDER BY format_before ASC, format ASC
