-- campaign_launches: what two campaigns came to by the hours since each was launched.
-- question: Does this launch go better than that one did?
-- grain: one row per campaign and hour since its launch in which something happened
-- date basis: hours since the window of the campaign's first impression
-- readers: API, analysts
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- param compare_to varchar = NULL: the other one
-- Counts, money and rates are of all hours up to the row's.
SELECT *
FROM gold.campaign_launch_curve
WHERE
    CAST(:campaign_id AS varchar) IS NULL
    OR campaign_id = CAST(:campaign_id AS varchar)
    OR campaign_id = CAST(:compare_to AS varchar)
ORDER BY campaign_id ASC, hours_since_launch ASC
