-- filter_values: campaigns, countries and platforms that rows can be chosen by, most impressions first.
-- question: Which values can the filters of a page have?
-- grain: one row per filter and value; found says how many values a filter has in all
-- date basis: impression time
-- readers: dashboard (filters)
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
-- param most integer = 100: the first so many of each; NULL: all
-- relation summed_impressions
-- Cost: a scan of the sums by hour; ask it every few minutes.
WITH grouped AS (
    SELECT
        campaign_id,
        geo_country,
        platform,
        sum(impressions) AS impressions
    FROM summed_impressions
    GROUP BY GROUPING SETS ((campaign_id), (geo_country), (platform))
    HAVING sum(impressions) > 0
),

filters AS (
    SELECT
        impressions,
        coalesce(campaign_id, geo_country, platform) AS filter_value,
        CASE
            WHEN campaign_id IS NOT NULL THEN 'campaign_id'
            WHEN geo_country IS NOT NULL THEN 'geo_country'
            ELSE 'platform'
        END AS filter_name
    FROM grouped
),

ranked AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY filter_name ORDER BY impressions DESC, filter_value ASC) AS place,
        count(*) OVER (PARTITION BY filter_name) AS found
    FROM filters
    WHERE filter_value IS NOT NULL
)

SELECT
    filter_name,
    filter_value,
    impressions,
    found
FROM ranked
WHERE place <= coalesce(CAST(:most AS bigint), place)
ORDER BY filter_name, place
