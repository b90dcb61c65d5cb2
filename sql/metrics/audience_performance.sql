-- audience_performance: delivery, spend and return by who saw the impressions.
-- question: Which audiences see, click and buy?
-- grain: one row per value of the chosen column of dims.dim_users, largest spend first
-- date basis: impression time; the last 7 days are provisional
-- readers: analysts
-- param audience_by segment|age_band|gender|country = segment: column of dims.dim_users that makes the groups
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- include time_range: moment = impression_time
-- Nobody is dropped, so the groups together are all impressions. Three groups are no value of the column: '(not
-- in dim_users)' for bots and users that nobody described, '(no user)' for impressions without a user, '(not
-- said)' for users whose column is empty.
WITH user_totals AS (
    SELECT
        user_id,
        count(*) AS impressions,
        count_if(is_clicked) AS clicked_impressions,
        count_if(is_converted) AS converted_impressions,
        coalesce(sum(cost), 0) AS spend,
        coalesce(sum(revenue), 0) AS revenue
    FROM gold.ad_performance_state
    WHERE
        impression_time IS NOT NULL
        AND :time_range
        AND campaign_id = coalesce(CAST(:campaign_id AS varchar), campaign_id)
    GROUP BY user_id
),

-- One row each even if the dimension were broken: a join must never multiply money.
known_users AS (
    SELECT
        user_id,
        max(
            CASE CAST(:audience_by AS varchar)
                WHEN 'segment' THEN segment
                WHEN 'age_band' THEN age_band
                WHEN 'gender' THEN gender
                WHEN 'country' THEN country
            END
        ) AS audience
    FROM dims.dim_users
    GROUP BY user_id
),

audience_users AS (
    SELECT
        user_totals.user_id,
        user_totals.impressions,
        user_totals.clicked_impressions,
        user_totals.converted_impressions,
        user_totals.spend,
        user_totals.revenue,
        CASE
            WHEN user_totals.user_id IS NULL THEN '(no user)'
            WHEN known_users.user_id IS NULL THEN '(not in dim_users)'
            ELSE coalesce(known_users.audience, '(not said)')
        END AS audience
    FROM user_totals
    LEFT JOIN known_users ON user_totals.user_id = known_users.user_id
),

audience_totals AS (
    SELECT
        audience,
        count(user_id) AS reach,
        sum(impressions) AS impressions,
        sum(clicked_impressions) AS clicked_impressions,
        sum(converted_impressions) AS converted_impressions,
        sum(spend) AS spend,
        sum(revenue) AS revenue
    FROM audience_users
    GROUP BY audience
)

SELECT
    audience,
    reach,
    impressions,
    clicked_impressions,
    converted_impressions,
    spend,
    revenue,
    CAST(clicked_impressions AS decimal(38, 9)) / nullif(impressions, 0) AS ctr,
    CAST(converted_impressions AS decimal(38, 9)) / nullif(clicked_impressions, 0) AS cvr,
    CAST(revenue AS decimal(38, 9)) / nullif(spend, 0) AS roas
FROM audience_totals
ORDER BY spend DESC, audience ASC
