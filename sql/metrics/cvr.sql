-- cvr: share of clicked impressions that converted.
-- question: How many of the clicked impressions led to an attributed conversion?
-- grain: one row
-- date basis: impression time; the last 7 days are provisional
-- readers: analysts, KPI alerts
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- relation summed_impressions
WITH totals AS (
    SELECT
        coalesce(sum(clicked_impressions), 0) AS clicked_impressions,
        coalesce(sum(converted_impressions), 0) AS converted_impressions
    FROM summed_impressions
    WHERE campaign_id = coalesce(CAST(:campaign_id AS varchar), campaign_id)
)

SELECT
    clicked_impressions,
    converted_impressions,
    CAST(converted_impressions AS decimal(38, 9)) / nullif(clicked_impressions, 0) AS cvr
FROM totals
