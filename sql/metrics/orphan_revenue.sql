-- orphan_revenue: money attributed to impressions that were never seen.
-- question: How much revenue has a click and a conversion, but no impression?
-- grain: one row
-- date basis: none (an orphan has no impression time); confirmed 6 hours after its newest arrival
-- readers: dashboard (campaigns), analysts
WITH orphans AS (
    SELECT
        is_converted,
        revenue,
        revenue_out_of_window,
        last_updated_ts < current_timestamp - INTERVAL '6' HOUR AS is_confirmed
    FROM gold.ad_performance_state
    WHERE
        impression_time IS NULL
        AND engaged
)

SELECT
    count(*) AS orphan_rows,
    count_if(is_converted) AS orphan_conversions,
    coalesce(sum(revenue), 0) AS orphan_revenue,
    coalesce(sum(revenue) FILTER (WHERE is_confirmed), 0) AS confirmed_orphan_revenue,
    coalesce(sum(revenue_out_of_window), 0) AS orphan_revenue_out_of_window
FROM orphans
