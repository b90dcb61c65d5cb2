-- ctr_outliers: campaigns, creatives, countries, platforms or users whose CTR is too far from that of all traffic.
-- question: Where is the click rate too high or too low to be chance?
-- grain: one row per outlying value of the chosen column, farthest first; outliers counts them, compared all values
-- date basis: impression time; the last 7 days are provisional
-- readers: Grafana (trust), analysts
-- param outlier_by campaign|creative|country|platform|user = campaign: column of Gold that makes the groups
-- param sigmas integer = 4: how many standard deviations away a CTR must be
-- param min_impressions integer = 50: groups with fewer impressions are not judged
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
-- param most integer = 100: the first so many; NULL: all
-- include time_range: moment = impression_time
-- The standard deviation is that of the clicked impressions of a group of its size, were its CTR that of all: with
-- 1,000 impressions at 5 % it is 0.7 points. Below 0: a CTR that is too low. Among many groups a few are outliers by
-- chance; in small ones (min_impressions) more are.
WITH impressions AS (
    SELECT
        is_clicked,
        CASE CAST(:outlier_by AS varchar)
            WHEN 'campaign' THEN campaign_id
            WHEN 'creative' THEN creative_id
            WHEN 'country' THEN geo_country
            WHEN 'platform' THEN platform
            WHEN 'user' THEN user_id
        END AS outlier
    FROM gold.ad_performance_state
    WHERE
        impression_time IS NOT NULL
        AND :time_range
),

group_totals AS (
    SELECT
        outlier,
        count(*) AS impressions,
        count_if(is_clicked) AS clicked_impressions
    FROM impressions
    GROUP BY outlier
),

compared_groups AS (
    SELECT
        outlier,
        impressions,
        clicked_impressions,
        sum(impressions) OVER () AS all_impressions,
        sum(clicked_impressions) OVER () AS all_clicked
    FROM group_totals
),

-- (clicked - expected) / deviation, multiplied out so that only the last step is not exact.
judged_groups AS (
    SELECT
        *,
        CAST(
            (clicked_impressions * all_impressions - impressions * all_clicked)
            / nullif(sqrt(impressions) * sqrt(all_clicked) * sqrt(all_impressions - all_clicked), 0)
            AS decimal(18, 2)
        ) AS sigmas_away,
        count(*) OVER () AS compared
    FROM compared_groups
    WHERE
        outlier IS NOT NULL
        AND impressions >= CAST(:min_impressions AS bigint)
),

ranked_outliers AS (
    SELECT
        *,
        row_number() OVER (ORDER BY abs(sigmas_away) DESC, impressions DESC, outlier ASC) AS place,
        count(*) OVER () AS outliers
    FROM judged_groups
    WHERE abs(sigmas_away) >= CAST(:sigmas AS bigint)
)

SELECT
    outlier,
    impressions,
    clicked_impressions,
    CAST(clicked_impressions AS decimal(38, 9)) / nullif(impressions, 0) AS ctr,
    CAST(all_clicked AS decimal(38, 9)) / nullif(all_impressions, 0) AS ctr_of_all,
    sigmas_away,
    outliers,
    compared
FROM ranked_outliers
WHERE place <= coalesce(CAST(:most AS bigint), place)
ORDER BY place
