-- campaign_list: the campaigns that can be chosen in a filter, with their present names.
-- question: Which campaigns are there?
-- grain: one row per campaign_id of dims.dim_campaigns
-- date basis: none (what is in force now)
-- readers: Metabase (values of the filter on campaigns)
-- Campaigns that nobody described are in no list: their id can be typed where a filter takes it.
SELECT
    campaign_id,
    max_by(name, start_ts) AS campaign_name,
    max_by(status, start_ts) AS status
FROM dims.dim_campaigns
WHERE is_current
GROUP BY campaign_id
ORDER BY campaign_id
