-- Sums over Gold by campaign, in the words of the generator's truth files.
-- Grain: one row per campaign_id. Parameter: gold_snapshot. Money in integer micros.
SELECT
    campaign_id,
    count(*) AS "rows",
    count(impression_time) AS impressions,
    count_if(is_clicked) AS clicked,
    count_if(is_converted) AS converted,
    CAST(coalesce(sum(cost), 0) * 1000000 AS DECIMAL(38, 0)) AS cost_micros,
    CAST(sum(revenue) * 1000000 AS DECIMAL(38, 0)) AS revenue_micros,
    CAST(sum(revenue_out_of_window) * 1000000 AS DECIMAL(38, 0)) AS out_of_window_micros,
    count_if(impression_time IS NULL) AS orphan_rows,
    count_if(impression_time IS NULL AND is_clicked) AS orphan_clicked,
    count_if(impression_time IS NULL AND is_converted) AS orphan_converted,
    CAST(
        coalesce(sum(revenue) FILTER (WHERE impression_time IS NULL), 0) * 1000000
        AS DECIMAL(38, 0)
    ) AS orphan_revenue_micros
FROM lakehouse.gold.ad_performance_state FOR VERSION AS OF :gold_snapshot
GROUP BY campaign_id
