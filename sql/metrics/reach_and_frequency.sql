-- reach_and_frequency: how many users each campaign reached, and how often each of them saw it.
-- question: How many different users saw the campaigns, and how many impressions did each of them get?
-- grain: one row for all together (is_total), then one per campaign_id, largest reach first; campaigns counts them
-- date basis: impression time
-- readers: analysts
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- param most integer = NULL: the first so many campaigns; NULL: all
-- include time_range: moment = impression_time
-- Reach does not add up: a user of two campaigns is one user of both together, as of two days.
-- An impression without a user is in impressions, and in neither reach nor frequency.
WITH user_impressions AS (
    SELECT
        campaign_id,
        user_id,
        count(*) AS impressions
    FROM gold.ad_performance_state
    WHERE
        impression_time IS NOT NULL
        AND :time_range
        AND campaign_id = coalesce(CAST(:campaign_id AS varchar), campaign_id)
    GROUP BY campaign_id, user_id
),

campaign_reach AS (
    SELECT
        campaign_id,
        grouping(campaign_id) = 1 AS is_total,
        coalesce(sum(impressions), 0) AS impressions,
        coalesce(sum(impressions) FILTER (WHERE user_id IS NULL), 0) AS impressions_without_user,
        count(DISTINCT user_id) AS reach
    FROM user_impressions
    GROUP BY GROUPING SETS ((campaign_id), ())
),

ranked_campaigns AS (
    SELECT
        *,
        row_number() OVER (ORDER BY is_total DESC, reach DESC, impressions DESC, campaign_id ASC) - 1 AS place,
        count(*) OVER () - 1 AS campaigns
    FROM campaign_reach
)

SELECT
    campaign_id,
    is_total,
    impressions,
    impressions_without_user,
    reach,
    CAST(impressions - impressions_without_user AS decimal(38, 9)) / nullif(reach, 0) AS frequency,
    campaigns
FROM ranked_campaigns
WHERE place <= coalesce(CAST(:most AS bigint), place)
ORDER BY place
