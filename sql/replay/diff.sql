-- What a replay would change: Gold as it is beside the replay, same deliveries in both.
-- Grain: one row per campaign_id and impression date (UTC) where anything differs.
-- Reads the relations `live_sums` and `replay_sums` (gold_sums.sql). Runs on Spark and on Trino.
WITH both_sides AS (
    SELECT
        campaign_id,
        impression_date,
        row_count AS live_rows,
        0 AS replay_rows,
        cost AS live_cost,
        CAST(0 AS DECIMAL(38, 6)) AS replay_cost,
        revenue AS live_revenue,
        CAST(0 AS DECIMAL(38, 6)) AS replay_revenue
    FROM live_sums
    UNION ALL
    SELECT
        campaign_id,
        impression_date,
        0 AS live_rows,
        row_count AS replay_rows,
        CAST(0 AS DECIMAL(38, 6)) AS live_cost,
        cost AS replay_cost,
        CAST(0 AS DECIMAL(38, 6)) AS live_revenue,
        revenue AS replay_revenue
    FROM replay_sums
),

sums AS (
    SELECT
        campaign_id,
        impression_date,
        sum(live_rows) AS live_rows,
        sum(replay_rows) AS replay_rows,
        sum(live_cost) AS live_cost,
        sum(replay_cost) AS replay_cost,
        sum(live_revenue) AS live_revenue,
        sum(replay_revenue) AS replay_revenue
    FROM both_sides
    GROUP BY campaign_id, impression_date
)

SELECT
    campaign_id,
    impression_date,
    live_rows,
    replay_rows,
    live_cost,
    replay_cost,
    live_revenue,
    replay_revenue,
    replay_revenue - live_revenue AS revenue_change
FROM sums
WHERE live_rows <> replay_rows OR live_cost <> replay_cost OR live_revenue <> replay_revenue
ORDER BY campaign_id ASC NULLS LAST, impression_date ASC NULLS LAST
