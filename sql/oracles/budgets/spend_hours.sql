-- Spend of advertisers by local hour, with budget and flag of its end: what gold.advertiser_spend_hourly must hold.
-- Grain: one row per advertiser_id and spend_hour.
-- Reads relations `billed_clicks` and `known_budgets`, each once, and the flips that it was made with.
-- Parameters: serving_flips_snapshot, timestamp_utc.
WITH sums AS (
    SELECT
        advertiser,
        advertiser_id,
        spend_hour,
        spend_day,
        spend_month,
        spend_hour + INTERVAL '1' HOUR AS window_end,
        CAST(sum(amount) AS DECIMAL(38, 6)) AS gross_spend,
        CAST(sum(amount - credit_amount) AS DECIMAL(38, 6)) AS valid_spend,
        CAST(sum(net_amount) AS DECIMAL(38, 6)) AS net_spend,
        CAST(sum(credit_amount) AS DECIMAL(38, 6)) AS credit_amount,
        CAST(sum(overdelivery_amount) AS DECIMAL(38, 6)) AS overdelivery_amount,
        count(*) AS record_count
    FROM billed_clicks
    GROUP BY advertiser, advertiser_id, spend_hour, spend_day, spend_month
),

-- One stream of moments instead of joins by time: what was known last before the end of an hour.
moments AS (
    SELECT
        advertiser_id,
        window_end AS at_time,
        spend_hour,
        CAST(NULL AS DECIMAL(18, 6)) AS budget_value,
        CAST(NULL AS BOOLEAN) AS can_serve,
        0 AS moment_rank,
        0 AS flip_number
    FROM sums
    UNION ALL
    SELECT
        advertiser_id,
        CAST(from_unixtime_nanos(start_ms * CAST(1000000 AS DECIMAL(20, 0))) AS :timestamp_utc) AS at_time,
        NULL AS spend_hour,
        CAST(CAST(micros AS DECIMAL(20, 0)) / 1000000.000000 AS DECIMAL(18, 6)) AS budget_value,
        NULL AS can_serve,
        1 AS moment_rank,
        0 AS flip_number
    FROM known_budgets
    UNION ALL
    SELECT
        advertiser_id,
        effective_at AS at_time,
        NULL AS spend_hour,
        NULL AS budget_value,
        can_serve,
        2 AS moment_rank,
        flip_number
    FROM lakehouse.gold.serving_flips FOR VERSION AS OF :serving_flips_snapshot
),

known AS (
    SELECT
        advertiser_id,
        spend_hour,
        last_value(budget_value) IGNORE NULLS OVER so_far AS budget_value,
        last_value(can_serve) IGNORE NULLS OVER so_far AS can_serve
    FROM moments
    WINDOW so_far AS (
        PARTITION BY advertiser_id ORDER BY at_time ASC, moment_rank ASC, flip_number ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
)

SELECT
    sums.advertiser,
    sums.advertiser_id,
    sums.gross_spend,
    sums.valid_spend,
    sums.net_spend,
    sums.credit_amount,
    sums.overdelivery_amount,
    sums.record_count,
    known.budget_value,
    known.can_serve,
    sums.spend_hour AS window_start,
    sums.window_end,
    sums.spend_hour,
    sums.spend_day,
    sums.spend_month
FROM sums
INNER JOIN known ON sums.advertiser_id = known.advertiser_id AND sums.spend_hour = known.spend_hour
