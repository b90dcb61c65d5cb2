-- gold.campaign_funnel_5m: ad events beside sign-ups, activations, shares and completions, by windows of five minutes.
-- grain: one row per campaign, channel, region and window; what did not happen is 0
-- readers: KPI views, metrics
-- A step of the funnel whose channel is unknown has that of its campaign, as ad events do.
-- include kpi_sums
WITH parts AS (
    SELECT
        campaign_id,
        channel,
        region,
        window_start,
        impressions,
        clicks,
        conversions,
        attributed_conversions,
        CAST(0 AS BIGINT) AS signups,
        CAST(0 AS BIGINT) AS activations,
        CAST(0 AS BIGINT) AS shares,
        CAST(0 AS BIGINT) AS completions,
        total_cost,
        revenue,
        late_events
    FROM lakehouse.gold.campaign_metrics_5m
    UNION ALL
    SELECT
        steps.campaign_id,
        CASE
            WHEN steps.channel = 'unknown' THEN coalesce(campaign.channel, 'unknown') ELSE steps.channel
        END AS channel,
        steps.region,
        steps.window_start,
        CAST(0 AS BIGINT) AS impressions,
        CAST(0 AS BIGINT) AS clicks,
        CAST(0 AS BIGINT) AS conversions,
        CAST(0 AS BIGINT) AS attributed_conversions,
        steps.signups,
        steps.activations,
        steps.shares,
        steps.completions,
        CAST(0 AS DECIMAL(38, 6)) AS total_cost,
        CAST(0 AS DECIMAL(38, 6)) AS revenue,
        steps.late_events
    FROM lakehouse.gold.funnel_metrics_5m AS steps
    LEFT JOIN lakehouse.dims.dim_campaigns AS campaign
        ON
            steps.campaign_id = campaign.campaign_id
            AND steps.window_start >= campaign.start_ts
            AND steps.window_start < campaign.end_ts
)

SELECT
    campaign_id,
    channel,
    region,
    window_start,
    window_start + INTERVAL '5' MINUTE AS window_end,
    :kpi_sums
FROM parts
GROUP BY campaign_id, channel, region, window_start
