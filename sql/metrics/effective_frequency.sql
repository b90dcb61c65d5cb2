-- effective_frequency: how many impressions of the campaign a user had got when the attributed conversion came.
-- question: After how many impressions do users convert?
-- grain: one row per frequency (impressions of that user and campaign up to then); NULL: conversions without a user
-- date basis: impression time; the last 7 days are provisional
-- readers: analysts
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- include time_range: moment = impression_time
-- The impression that converted counts, as does one at the very moment of the conversion.
-- Frequency 0: the conversion bears an earlier time than its impression.
-- Impressions before since or from until on are not counted, so give a range that is longer than the effect.
WITH shown AS (
    SELECT
        campaign_id,
        user_id,
        impression_time,
        engaged,
        is_converted,
        conversion_time,
        revenue
    FROM gold.ad_performance_state
    WHERE
        impression_time IS NOT NULL
        AND :time_range
        AND campaign_id = coalesce(CAST(:campaign_id AS varchar), campaign_id)
),

-- Few users convert: only their impressions have to be put in order.
converted_users AS (
    SELECT DISTINCT
        campaign_id,
        user_id
    FROM shown
    WHERE is_converted AND engaged
),

moments AS (
    SELECT
        shown.campaign_id,
        shown.user_id,
        shown.impression_time AS moment,
        1 AS impressions,
        0 AS conversions,
        0 AS revenue
    FROM shown
    INNER JOIN converted_users
        ON shown.campaign_id = converted_users.campaign_id AND shown.user_id = converted_users.user_id
    UNION ALL
    SELECT
        campaign_id,
        user_id,
        conversion_time AS moment,
        0 AS impressions,
        1 AS conversions,
        revenue
    FROM shown
    WHERE is_converted AND engaged
),

counted_moments AS (
    SELECT
        conversions,
        revenue,
        if(
            user_id IS NOT NULL,
            sum(impressions) OVER (
                PARTITION BY campaign_id, user_id ORDER BY moment ASC
                RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            )
        ) AS frequency
    FROM moments
),

frequencies AS (
    SELECT
        frequency,
        count(*) AS conversions,
        sum(revenue) AS revenue
    FROM counted_moments
    WHERE conversions = 1
    GROUP BY frequency
)

SELECT
    frequency,
    conversions,
    revenue,
    CAST(conversions AS decimal(38, 9)) / nullif(sum(conversions) OVER (), 0) AS share_of_conversions,
    CAST(sum(conversions) OVER (ORDER BY frequency ASC NULLS LAST) AS decimal(38, 9))
    / nullif(sum(conversions) OVER (), 0) AS share_up_to
FROM frequencies
ORDER BY frequency ASC NULLS LAST
