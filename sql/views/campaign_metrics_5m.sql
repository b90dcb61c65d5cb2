-- gold.campaign_metrics_5m: ad events by windows of five minutes, each in the window of its own time.
-- grain: one row per campaign, channel, region and window; no row: nothing happened
-- readers: analysts, KPI views
-- Whose an event is says its row of Gold. The channel is that of the campaign's version in force when the window began,
-- the region the country; 'unknown' where there is none.
-- early_: had arrived a minute after the window's end; late_events: arrived more than an hour after it.
-- Parameters: upper_case, lower_case (contracts/letters.py).
WITH windows AS (
    SELECT
        window_start,
        coalesce(campaign_id, 'unknown') AS campaign_id,
        coalesce(
            nullif(translate(trim(BOTH ' ' FROM geo_country), :upper_case, :lower_case), ''), 'unknown'
        ) AS region,
        impressions,
        clicks,
        conversions,
        early_impressions,
        early_clicks,
        early_conversions,
        late_impressions + late_clicks + late_conversions AS late_events,
        attributed_conversions,
        total_cost,
        revenue
    FROM lakehouse.gold.rollup_5m
),

summed AS (
    SELECT
        window_start,
        campaign_id,
        region,
        CAST(sum(impressions) AS BIGINT) AS impressions,
        CAST(sum(clicks) AS BIGINT) AS clicks,
        CAST(sum(conversions) AS BIGINT) AS conversions,
        CAST(sum(attributed_conversions) AS BIGINT) AS attributed_conversions,
        CAST(sum(total_cost) AS DECIMAL(38, 6)) AS total_cost,
        CAST(sum(revenue) AS DECIMAL(38, 6)) AS revenue,
        CAST(sum(late_events) AS BIGINT) AS late_events,
        CAST(sum(early_impressions) AS BIGINT) AS early_impressions,
        CAST(sum(early_clicks) AS BIGINT) AS early_clicks,
        CAST(sum(early_conversions) AS BIGINT) AS early_conversions
    FROM windows
    GROUP BY window_start, campaign_id, region
)

SELECT
    summed.campaign_id,
    coalesce(campaign.channel, 'unknown') AS channel,
    summed.region,
    summed.window_start,
    summed.window_start + INTERVAL '5' MINUTE AS window_end,
    summed.impressions,
    summed.clicks,
    summed.conversions,
    summed.attributed_conversions,
    summed.total_cost,
    summed.revenue,
    summed.late_events,
    summed.early_impressions,
    summed.early_clicks,
    summed.early_conversions
FROM summed
LEFT JOIN lakehouse.dims.dim_campaigns AS campaign
    ON
        summed.campaign_id = campaign.campaign_id
        AND summed.window_start >= campaign.start_ts
        AND summed.window_start < campaign.end_ts
WHERE summed.impressions <> 0 OR summed.clicks <> 0 OR summed.conversions <> 0
