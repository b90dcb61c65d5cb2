-- roas: revenue earned for each unit of spend.
-- question: How much attributed revenue did each unit of spend bring back?
-- grain: one row
-- date basis: impression time; the last 7 days are provisional
-- readers: analysts, KPI alerts
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- relation summed_impressions
WITH totals AS (
    SELECT
        coalesce(sum(cost), 0) AS spend,
        coalesce(sum(revenue), 0) AS revenue
    FROM summed_impressions
    WHERE campaign_id = coalesce(CAST(:campaign_id AS varchar), campaign_id)
)

SELECT
    spend,
    revenue,
    CAST(revenue AS decimal(38, 9)) / nullif(spend, 0) AS roas
FROM totals
