-- gold.customer_360_with_ads: each customer beside what the ads that were shown to this user came to.
-- grain: one row per user_id, as in gold.customer_360
-- readers: analysts, notebooks
-- Of rows of Gold whose impression is known: impressions, clicked ones, and converted ones with their revenue. 0 of a
-- user without ads. Ads of users who are no customers are in gold.ad_performance_state alone.
WITH ads AS (
    SELECT
        user_id,
        count(*) AS ad_impressions,
        count_if(is_clicked) AS ad_clicks,
        count_if(is_converted) AS attributed_conversions,
        sum(CAST(revenue AS DECIMAL(38, 6))) AS attributed_revenue
    FROM lakehouse.gold.ad_performance_state
    WHERE impression_time IS NOT NULL
    GROUP BY user_id
)

SELECT
    customers.user_id,
    customers.name,
    customers.email_sha256,
    customers.geo_country,
    customers.created_at,
    customers.is_active,
    customers.order_count,
    customers.lifetime_value,
    customers.first_order_time,
    customers.last_order_time,
    customers.delivered_count,
    customers.failed_count,
    customers.activation_count,
    customers.engagement_rate,
    customers.lifecycle_stage,
    customers.previous_stage,
    customers.stage_changed_at,
    customers.propensity_score,
    customers.propensity_band,
    customers.segments,
    customers.rule_version,
    customers.last_updated_ts,
    coalesce(ads.ad_impressions, 0) AS ad_impressions,
    coalesce(ads.ad_clicks, 0) AS ad_clicks,
    coalesce(ads.attributed_conversions, 0) AS attributed_conversions,
    coalesce(ads.attributed_revenue, 0.000000) AS attributed_revenue
FROM lakehouse.gold.customer_360 AS customers
LEFT JOIN ads ON customers.user_id = ads.user_id
