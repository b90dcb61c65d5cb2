-- frequency_distribution: how many users saw a campaign once, twice, three times and so on.
-- question: How are the impressions of a campaign spread over its users?
-- grain: one row per frequency (impressions that one user got of one campaign)
-- date basis: impression time; clicks and conversions of the last 7 days are provisional
-- readers: analysts
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all, a user counts once in each of them
-- include time_range: moment = impression_time
-- Impressions without a user are not in it; reach_and_frequency says how many they are.
WITH user_totals AS (
    SELECT
        count(*) AS frequency,
        count_if(is_clicked) AS clicked_impressions,
        count_if(is_converted) AS converted_impressions,
        sum(revenue) AS revenue
    FROM gold.ad_performance_state
    WHERE
        impression_time IS NOT NULL
        AND user_id IS NOT NULL
        AND :time_range
        AND campaign_id = coalesce(CAST(:campaign_id AS varchar), campaign_id)
    GROUP BY campaign_id, user_id
)

SELECT
    frequency,
    count(*) AS users,
    frequency * count(*) AS impressions,
    count_if(clicked_impressions > 0) AS users_who_clicked,
    count_if(converted_impressions > 0) AS users_who_converted,
    sum(revenue) AS revenue
FROM user_totals
GROUP BY frequency
ORDER BY frequency
