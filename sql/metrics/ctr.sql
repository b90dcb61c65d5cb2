-- ctr: share of impressions that were clicked (clicked impressions, not clicks).
-- question: How many of the impressions were clicked?
-- grain: one row
-- date basis: impression time; the last 7 days are provisional
-- readers: analysts, KPI alerts
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- relation summed_impressions
WITH totals AS (
    SELECT
        coalesce(sum(impressions), 0) AS impressions,
        coalesce(sum(clicked_impressions), 0) AS clicked_impressions
    FROM summed_impressions
    WHERE campaign_id = coalesce(CAST(:campaign_id AS varchar), campaign_id)
)

SELECT
    impressions,
    clicked_impressions,
    CAST(clicked_impressions AS decimal(38, 9)) / nullif(impressions, 0) AS ctr
FROM totals
