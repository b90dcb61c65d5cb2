-- reach_over_time: how many users were reached so far, and how many of them for the first time.
-- question: Does more delivery still reach new users, or the same ones again?
-- grain: one row per bucket that has an impression
-- date basis: impression time
-- readers: analysts, notebooks
-- param bucket minute|hour|day|month|year = day: length of a bucket
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- include time_range: moment = impression_time
-- Reach does not add up over buckets; new_users does: it sums to the reach of the whole range.
-- An impression without a user is in impressions alone.
WITH shown AS (
    SELECT
        date_trunc(CAST(:bucket AS varchar), impression_time) AS bucket_at,
        user_id
    FROM gold.ad_performance_state
    WHERE
        impression_time IS NOT NULL
        AND :time_range
        AND campaign_id = coalesce(CAST(:campaign_id AS varchar), campaign_id)
),

user_buckets AS (
    SELECT
        bucket_at,
        user_id,
        count(*) AS impressions
    FROM shown
    GROUP BY bucket_at, user_id
),

seen_buckets AS (
    SELECT
        bucket_at,
        user_id,
        impressions,
        min(bucket_at) OVER (PARTITION BY user_id) AS first_bucket_at
    FROM user_buckets
),

buckets AS (
    SELECT
        bucket_at,
        sum(impressions) AS impressions,
        count(user_id) AS reach,
        count_if(user_id IS NOT NULL AND bucket_at = first_bucket_at) AS new_users
    FROM seen_buckets
    GROUP BY bucket_at
)

SELECT
    bucket_at,
    impressions,
    reach,
    new_users,
    sum(new_users) OVER (ORDER BY bucket_at ASC) AS reach_so_far,
    CAST(new_users AS decimal(38, 9)) / nullif(reach, 0) AS share_of_new_users
FROM buckets
ORDER BY bucket_at
