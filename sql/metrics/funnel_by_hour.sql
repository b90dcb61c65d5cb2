-- funnel_by_hour: impressions, clicked and converted impressions by the hour of the impression.
-- question: In which hours do impressions turn into clicks and conversions?
-- grain: one row per hour that has an impression
-- date basis: impression time; the last 7 days are provisional
-- readers: analysts
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- relation summed_impressions
WITH hour_totals AS (
    SELECT
        hour_at,
        sum(impressions) AS impressions,
        sum(clicked_impressions) AS clicked_impressions,
        sum(converted_impressions) AS converted_impressions
    FROM summed_impressions
    WHERE campaign_id = coalesce(CAST(:campaign_id AS varchar), campaign_id)
    GROUP BY hour_at
    HAVING sum(impressions) > 0
)

SELECT
    hour_at,
    impressions,
    clicked_impressions,
    converted_impressions,
    CAST(clicked_impressions AS decimal(38, 9)) / nullif(impressions, 0) AS ctr,
    CAST(converted_impressions AS decimal(38, 9)) / nullif(clicked_impressions, 0) AS cvr
FROM hour_totals
ORDER BY hour_at
