-- gold.hourly_performance: the sums by hour, one row for each grain.
-- grain: one row per date basis, hour, campaign, creative, platform, country and channel
-- readers: analysts, notebooks
-- Where a row of Gold does not know its channel, it is that of the campaign's version in force when the hour began;
-- NULL where there was none: of a campaign that nobody described, of an hour before its first update. Rates are to be
-- made from sums, never averaged.
WITH hours AS (
    SELECT
        sums.date_basis,
        sums.hour_at,
        sums.campaign_id,
        sums.creative_id,
        sums.platform,
        sums.geo_country,
        coalesce(nullif(sums.channel, 'unknown'), campaign.channel) AS channel,
        sums.impressions,
        sums.clicked_impressions,
        sums.converted_impressions,
        sums.conversions,
        sums.cost,
        sums.revenue,
        sums.orphan_revenue,
        sums.revenue_out_of_window,
        sums.lag_ms
    FROM lakehouse.gold.rollup_hourly AS sums
    LEFT JOIN lakehouse.dims.dim_campaigns AS campaign
        ON
            sums.campaign_id = campaign.campaign_id
            AND sums.hour_at >= campaign.start_ts
            AND sums.hour_at < campaign.end_ts
),

summed AS (
    SELECT
        date_basis,
        hour_at,
        campaign_id,
        creative_id,
        platform,
        geo_country,
        channel,
        sum(impressions) AS impressions,
        sum(clicked_impressions) AS clicked_impressions,
        sum(converted_impressions) AS converted_impressions,
        sum(conversions) AS conversions,
        CAST(sum(cost) AS DECIMAL(38, 6)) AS cost,
        CAST(sum(revenue) AS DECIMAL(38, 6)) AS revenue,
        CAST(sum(orphan_revenue) AS DECIMAL(38, 6)) AS orphan_revenue,
        CAST(sum(revenue_out_of_window) AS DECIMAL(38, 6)) AS revenue_out_of_window,
        CAST(sum(lag_ms) AS DECIMAL(38, 0)) AS lag_ms
    FROM hours
    GROUP BY date_basis, hour_at, campaign_id, creative_id, platform, geo_country, channel
)

SELECT *
FROM summed
WHERE impressions <> 0 OR conversions <> 0
