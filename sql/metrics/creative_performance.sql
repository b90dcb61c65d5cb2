-- creative_performance: delivery, spend and return of every creative.
-- question: Which creatives, and which formats, are worth what they cost?
-- grain: one row per creative_id (NULL: impressions that name none), largest spend first; creatives counts all of them
-- date basis: impression time; the last 7 days are provisional
-- readers: analysts, Metabase
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- param most integer = NULL: the first so many creatives; NULL: all
-- relation summed_impressions
WITH creative_totals AS (
    SELECT
        creative_id,
        sum(impressions) AS impressions,
        sum(clicked_impressions) AS clicked_impressions,
        sum(converted_impressions) AS converted_impressions,
        sum(cost) AS spend,
        sum(revenue) AS revenue
    FROM summed_impressions
    WHERE campaign_id = coalesce(CAST(:campaign_id AS varchar), campaign_id)
    GROUP BY creative_id
    HAVING sum(impressions) > 0
),

ranked_creatives AS (
    SELECT
        *,
        row_number() OVER (ORDER BY spend DESC, creative_id ASC) AS place,
        count(*) OVER () AS creatives
    FROM creative_totals
),

top_creatives AS (
    SELECT *
    FROM ranked_creatives
    WHERE place <= coalesce(CAST(:most AS bigint), place)
),

-- One row each even if the dimension were broken: a join must never multiply money.
known_creatives AS (
    SELECT
        creative_id,
        max(name) AS creative_name,
        max(format) AS creative_format
    FROM dims.dim_creatives
    GROUP BY creative_id
)

SELECT
    top_creatives.creative_id,
    known_creatives.creative_name,
    known_creatives.creative_format,
    top_creatives.impressions,
    top_creatives.clicked_impressions,
    top_creatives.converted_impressions,
    top_creatives.spend,
    top_creatives.revenue,
    CAST(top_creatives.clicked_impressions AS decimal(38, 9)) / nullif(top_creatives.impressions, 0) AS ctr,
    CAST(top_creatives.converted_impressions AS decimal(38, 9))
    / nullif(top_creatives.clicked_impressions, 0) AS cvr,
    CAST(top_creatives.revenue AS decimal(38, 9)) / nullif(top_creatives.spend, 0) AS roas,
    top_creatives.creatives
FROM top_creatives
LEFT JOIN known_creatives ON top_creatives.creative_id = known_creatives.creative_id
ORDER BY top_creatives.place
