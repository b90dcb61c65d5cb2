-- gold.campaign_metrics_5m: ad events by windows of five minutes, each in the window of its own time.
-- grain: one row per campaign, channel, region and window; no row: nothing happened
-- readers: analysts, KPI views
-- Whose an event is says its row of Gold; where that does not know the channel, it is that of the campaign's version in
-- force when the window began. 'unknown' where there is none.
-- early_: had arrived a minute after the window's end; late_events: arrived more than an hour after it.
WITH windows AS (
    SELECT
        sums.window_start,
        sums.campaign_id,
        coalesce(nullif(sums.channel, 'unknown'), campaign.channel, 'unknown') AS channel,
        sums.region,
        sums.impressions,
        sums.clicks,
        sums.conversions,
        sums.early_impressions,
        sums.early_clicks,
        sums.early_conversions,
        sums.late_impressions + sums.late_clicks + sums.late_conversions AS late_events,
        sums.attributed_conversions,
        sums.total_cost,
        sums.revenue
    FROM lakehouse.gold.rollup_5m AS sums
    LEFT JOIN lakehouse.dims.dim_campaigns AS campaign
        ON
            sums.campaign_id = campaign.campaign_id
            AND sums.window_start >= campaign.start_ts
            AND sums.window_start < campaign.end_ts
),

summed AS (
    SELECT
        window_start,
        campaign_id,
        channel,
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
    GROUP BY window_start, campaign_id, channel, region
)

SELECT
    campaign_id,
    channel,
    region,
    window_start,
    window_start + INTERVAL '5' MINUTE AS window_end,
    impressions,
    clicks,
    conversions,
    attributed_conversions,
    total_cost,
    revenue,
    late_events,
    early_impressions,
    early_clicks,
    early_conversions
FROM summed
WHERE impressions <> 0 OR clicks <> 0 OR conversions <> 0
