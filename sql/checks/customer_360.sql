-- Offending rows: in gold.customer_360 but not in the oracle, or the other way round.
-- Reads a relation `customers`. Parameters: table_snapshot, row_limit.
-- include comparable_history
WITH stored AS (
    SELECT
        user_id,
        name,
        email_sha256,
        geo_country,
        created_at,
        is_active,
        order_count,
        lifetime_value,
        first_order_time,
        last_order_time,
        delivered_count,
        failed_count,
        activation_count,
        engagement_rate,
        lifecycle_stage,
        previous_stage,
        stage_changed_at,
        propensity_score,
        propensity_band,
        segments,
        rule_version,
        last_updated_ts,
        as_of_date,
        :comparable_history AS stage_history
    FROM lakehouse.gold.customer_360 FOR VERSION AS OF :table_snapshot
),

expected AS (
    SELECT
        user_id,
        name,
        email_sha256,
        geo_country,
        created_at,
        is_active,
        order_count,
        lifetime_value,
        first_order_time,
        last_order_time,
        delivered_count,
        failed_count,
        activation_count,
        engagement_rate,
        lifecycle_stage,
        previous_stage,
        stage_changed_at,
        propensity_score,
        propensity_band,
        segments,
        rule_version,
        last_updated_ts,
        as_of_date,
        :comparable_history AS stage_history
    FROM customers
),

only_stored AS (
    SELECT * FROM stored
    EXCEPT ALL
    SELECT * FROM expected
),

only_expected AS (
    SELECT * FROM expected
    EXCEPT ALL
    SELECT * FROM stored
)

SELECT
    'stored, but not what the records give' AS side,
    *
FROM only_stored
UNION ALL
SELECT
    'given by the records, but not stored' AS side,
    *
FROM only_expected
ORDER BY user_id ASC, side ASC
LIMIT :row_limit
