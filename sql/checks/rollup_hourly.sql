-- Offending rows: sums by hour that are not those of Gold's rows, or the other way round; what differs is not 0.
-- Parameters: table_snapshot, source_snapshot, row_limit.
WITH stored AS (
    SELECT
        date_basis,
        hour_at,
        campaign_id,
        creative_id,
        platform,
        geo_country,
        channel,
        CAST(impressions AS decimal(38, 0)) AS impressions,
        CAST(clicked_impressions AS decimal(38, 0)) AS clicked_impressions,
        CAST(converted_impressions AS decimal(38, 0)) AS converted_impressions,
        CAST(conversions AS decimal(38, 0)) AS conversions,
        cost,
        revenue,
        orphan_revenue,
        revenue_out_of_window,
        lag_ms
    FROM lakehouse.gold.rollup_hourly FOR VERSION AS OF :table_snapshot
),

gold AS (
    SELECT *
    FROM lakehouse.gold.ad_performance_state FOR VERSION AS OF :source_snapshot
),

placed AS (
    SELECT
        *,
        'impression' AS date_basis,
        date_trunc('hour', impression_time) AS hour_at
    FROM gold
    WHERE impression_time IS NOT NULL
    UNION ALL
    SELECT
        *,
        'conversion' AS date_basis,
        date_trunc('hour', conversion_time) AS hour_at
    FROM gold
    WHERE conversion_time IS NOT NULL
),

-- Against the stored sums: what is left of a grain must be nothing.
taken_off AS (
    SELECT
        date_basis,
        hour_at,
        campaign_id,
        creative_id,
        platform,
        geo_country,
        channel,
        -CAST(count_if(impression_time IS NOT NULL) AS decimal(38, 0)) AS impressions,
        -CAST(count_if(impression_time IS NOT NULL AND is_clicked) AS decimal(38, 0)) AS clicked_impressions,
        -CAST(count_if(impression_time IS NOT NULL AND is_converted) AS decimal(38, 0)) AS converted_impressions,
        -CAST(count_if(is_converted) AS decimal(38, 0)) AS conversions,
        -CAST(coalesce(sum(cost), 0) AS decimal(38, 6)) AS cost,
        -CAST(sum(revenue) AS decimal(38, 6)) AS revenue,
        -CAST(coalesce(sum(revenue) FILTER (WHERE impression_time IS NULL), 0) AS decimal(38, 6)) AS orphan_revenue,
        -sum(revenue_out_of_window) AS revenue_out_of_window,
        -CAST(
            coalesce(sum(CAST(date_diff('millisecond', impression_time, conversion_time) AS decimal(18, 0))), 0)
            AS decimal(38, 0)
        ) AS lag_ms
    FROM placed
    GROUP BY date_basis, hour_at, campaign_id, creative_id, platform, geo_country, channel
),

both_sides AS (
    SELECT * FROM stored
    UNION ALL
    SELECT * FROM taken_off
),

compared AS (
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
        sum(cost) AS cost,
        sum(revenue) AS revenue,
        sum(orphan_revenue) AS orphan_revenue,
        sum(revenue_out_of_window) AS revenue_out_of_window,
        sum(lag_ms) AS lag_ms
    FROM both_sides
    GROUP BY date_basis, hour_at, campaign_id, creative_id, platform, geo_country, channel
)

SELECT *
FROM compared
WHERE
    impressions <> 0
    OR clicked_impressions <> 0
    OR converted_impressions <> 0
    OR conversions <> 0
    OR cost <> 0
    OR revenue <> 0
    OR orphan_revenue <> 0
    OR revenue_out_of_window <> 0
    OR lag_ms <> 0
ORDER BY
    date_basis ASC, hour_at ASC, campaign_id ASC, creative_id ASC, platform ASC, geo_country ASC, channel ASC
LIMIT :row_limit
