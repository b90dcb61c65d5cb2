-- Whether anything is known of a campaign: somebody described it, or an event named it.
-- Grain: one row. Parameter: campaign_id.
SELECT count(*) > 0 AS is_known
FROM (
    SELECT campaign_id FROM dims.dim_campaigns
    UNION ALL
    SELECT campaign_id FROM gold.campaign_funnel_5m
) AS campaigns
WHERE campaign_id = :campaign_id
