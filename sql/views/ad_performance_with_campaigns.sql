-- gold.ad_performance_with_campaigns: each row of Gold beside the version of its campaign that was in
-- force at the impression: its budget and status of then, not of now.
-- grain: one row per impression_id, as in gold.ad_performance_state
-- readers: analysts, notebooks, spend against the budget in force
-- The columns of the campaign are NULL where no version was in force: of an orphan (no impression
-- time), of a campaign that nobody described, of an impression before the first update.
SELECT
    gold.impression_id,
    gold.campaign_id,
    gold.creative_id,
    gold.user_id,
    gold.geo_country,
    gold.platform,
    gold.is_clicked,
    gold.is_converted,
    gold.impression_time,
    gold.click_time,
    gold.conversion_time,
    gold.cost,
    gold.revenue,
    gold.revenue_out_of_window,
    campaign.campaign_key,
    campaign.name AS campaign_name,
    campaign.advertiser_id,
    campaign.channel AS campaign_channel,
    campaign.objective,
    campaign.budget_type,
    campaign.budget_amount,
    campaign.status AS campaign_status
FROM lakehouse.gold.ad_performance_state AS gold
LEFT JOIN lakehouse.dims.dim_campaigns AS campaign
    ON
        gold.campaign_id = campaign.campaign_id
        AND gold.impression_time >= campaign.start_ts
        AND gold.impression_time < campaign.end_ts
