-- gold.campaign_launch_curve: what a campaign came to by the hours since its launch, so that two launches compare.
-- grain: one row per campaign and hour since its launch in which something happened
-- readers: analysts, API
-- Launched: when the window of its first impression began. Counts, money and rates are of all hours up to this one.
-- include kpi_rates
WITH launches AS (
    SELECT
        campaign_id,
        min(window_start) AS launched_at
    FROM lakehouse.gold.campaign_funnel_5m
    WHERE impressions > 0
    GROUP BY campaign_id
),

hours AS (
    SELECT
        kpis.campaign_id,
        CAST(
            extract(DAY FROM kpis.window_start - launches.launched_at) * 24
            + extract(HOUR FROM kpis.window_start - launches.launched_at) AS BIGINT
        ) AS hours_since_launch,
        kpis.impressions,
        kpis.clicks,
        kpis.conversions,
        kpis.attributed_conversions,
        kpis.signups,
        kpis.activations,
        kpis.shares,
        kpis.completions,
        kpis.total_cost,
        kpis.revenue
    FROM lakehouse.gold.campaign_funnel_5m AS kpis
    INNER JOIN launches ON kpis.campaign_id = launches.campaign_id
    WHERE kpis.window_start >= launches.launched_at
),

sums AS (
    SELECT
        campaign_id,
        hours_since_launch,
        CAST(
            sum(sum(impressions)) OVER (PARTITION BY campaign_id ORDER BY hours_since_launch ASC) AS BIGINT
        ) AS impressions,
        CAST(
            sum(sum(clicks)) OVER (PARTITION BY campaign_id ORDER BY hours_since_launch ASC) AS BIGINT
        ) AS clicks,
        CAST(
            sum(sum(conversions)) OVER (PARTITION BY campaign_id ORDER BY hours_since_launch ASC) AS BIGINT
        ) AS conversions,
        CAST(
            sum(sum(attributed_conversions)) OVER (PARTITION BY campaign_id ORDER BY hours_since_launch ASC) AS BIGINT
        ) AS attributed_conversions,
        CAST(
            sum(sum(signups)) OVER (PARTITION BY campaign_id ORDER BY hours_since_launch ASC) AS BIGINT
        ) AS signups,
        CAST(
            sum(sum(activations)) OVER (PARTITION BY campaign_id ORDER BY hours_since_launch ASC) AS BIGINT
        ) AS activations,
        CAST(
            sum(sum(shares)) OVER (PARTITION BY campaign_id ORDER BY hours_since_launch ASC) AS BIGINT
        ) AS shares,
        CAST(
            sum(sum(completions)) OVER (PARTITION BY campaign_id ORDER BY hours_since_launch ASC) AS BIGINT
        ) AS completions,
        CAST(
            sum(sum(total_cost)) OVER (PARTITION BY campaign_id ORDER BY hours_since_launch ASC) AS DECIMAL(38, 6)
        ) AS total_cost,
        CAST(
            sum(sum(revenue)) OVER (PARTITION BY campaign_id ORDER BY hours_since_launch ASC) AS DECIMAL(38, 6)
        ) AS revenue
    FROM hours
    GROUP BY campaign_id, hours_since_launch
)

SELECT
    sums.*,
    :kpi_rates
FROM sums
