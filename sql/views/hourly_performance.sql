-- gold.hourly_performance: the sums by hour, one row for each grain, beside the channel of the campaign's version in
-- force when the hour began.
-- grain: one row per date basis, hour, campaign, creative, platform and country
-- readers: analysts, notebooks
-- channel is NULL where no version was in force: of a campaign that nobody described, of an hour before its first
-- update. Rates are to be made from sums, never averaged.
WITH hours AS (
    SELECT
        date_basis,
        hour_at,
        campaign_id,
        creative_id,
        platform,
        geo_country,
        sum(impressions) AS impressions,
        sum(clicked_impressions) AS clicked_impressions,
        sum(converted_impressions) AS converted_impressions,
        sum(conversions) AS conversions,
        CAST(sum(cost) AS DECIMAL(38, 6)) AS cost,
        CAST(sum(revenue) AS DECIMAL(38, 6)) AS revenue,
        CAST(sum(orphan_revenue) AS DECIMAL(38, 6)) AS orphan_revenue,
        CAST(sum(revenue_out_of_window) AS DECIMAL(38, 6)) AS revenue_out_of_window,
        CAST(sum(lag_ms) AS DECIMAL(38, 0)) AS lag_ms
    FROM lakehouse.gold.rollup_hourly
    GROUP BY date_basis, hour_at, campaign_id, creative_id, platform, geo_country
)

SELECT
    hours.date_basis,
    hours.hour_at,
    hours.campaign_id,
    hours.creative_id,
    hours.platform,
    hours.geo_country,
    campaign.channel,
    hours.impressions,
    hours.clicked_impressions,
    hours.converted_impressions,
    hours.conversions,
    hours.cost,
    hours.revenue,
    hours.orphan_revenue,
    hours.revenue_out_of_window,
    hours.lag_ms
FROM hours
LEFT JOIN lakehouse.dims.dim_campaigns AS campaign
    ON
        hours.campaign_id = campaign.campaign_id
        AND hours.hour_at >= campaign.start_ts
        AND hours.hour_at < campaign.end_ts
WHERE hours.impressions <> 0 OR hours.conversions <> 0
