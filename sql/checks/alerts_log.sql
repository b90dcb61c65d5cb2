-- Offending rows: in gold.alerts_log but otherwise in the oracle, in one of them alone, or stored twice.
-- Reads a relation `alert_log`, once. Parameters: table_snapshot, slice_count, slice, row_limit.
-- Doubles may differ in their last digits: engines add and take logarithms in their own ways.
WITH stored AS (
    SELECT
        alert_id,
        campaign_id,
        segment,
        metric,
        rule,
        alert_type,
        window_start,
        window_end,
        alert_time,
        value,
        threshold,
        sample_k,
        sample_n,
        bound,
        baseline_kind,
        evaluation,
        status,
        incident_id,
        rule_version,
        count(*) OVER (PARTITION BY campaign_id, segment, metric, window_start, rule) AS copies
    FROM lakehouse.gold.alerts_log FOR VERSION AS OF :table_snapshot
    WHERE mod(crc32(to_utf8(campaign_id)), :slice_count) = :slice
)

SELECT
    CASE
        WHEN alert_log.campaign_id IS NULL THEN 'stored, but not what the tables give'
        WHEN stored.campaign_id IS NULL THEN 'given by the tables, but not stored'
        WHEN stored.copies > 1 THEN 'stored twice'
        ELSE 'stored otherwise than the tables give'
    END AS side,
    coalesce(stored.campaign_id, alert_log.campaign_id) AS campaign_id,
    coalesce(stored.segment, alert_log.segment) AS segment,
    coalesce(stored.metric, alert_log.metric) AS metric,
    coalesce(stored.rule, alert_log.rule) AS rule,
    coalesce(stored.window_start, alert_log.window_start) AS window_start,
    stored.alert_id AS stored_alert_id,
    alert_log.alert_id AS expected_alert_id,
    stored.alert_type AS stored_alert_type,
    alert_log.alert_type AS expected_alert_type,
    stored.window_end AS stored_window_end,
    alert_log.window_end AS expected_window_end,
    stored.alert_time AS stored_alert_time,
    alert_log.alert_time AS expected_alert_time,
    stored.value AS stored_value,
    alert_log.value AS expected_value,
    stored.threshold AS stored_threshold,
    alert_log.threshold AS expected_threshold,
    stored.sample_k AS stored_sample_k,
    alert_log.sample_k AS expected_sample_k,
    stored.sample_n AS stored_sample_n,
    alert_log.sample_n AS expected_sample_n,
    stored.bound AS stored_bound,
    alert_log.bound AS expected_bound,
    stored.baseline_kind AS stored_baseline_kind,
    alert_log.baseline_kind AS expected_baseline_kind,
    stored.evaluation AS stored_evaluation,
    alert_log.evaluation AS expected_evaluation,
    stored.status AS stored_status,
    alert_log.status AS expected_status,
    stored.incident_id AS stored_incident_id,
    alert_log.incident_id AS expected_incident_id,
    stored.rule_version AS stored_rule_version,
    alert_log.rule_version AS expected_rule_version
FROM stored
FULL OUTER JOIN alert_log
    ON
        stored.campaign_id = alert_log.campaign_id
        AND stored.segment = alert_log.segment
        AND stored.metric = alert_log.metric
        AND stored.window_start = alert_log.window_start
        AND stored.rule = alert_log.rule
WHERE
    stored.campaign_id IS NULL
    OR alert_log.campaign_id IS NULL
    OR stored.copies > 1
    OR stored.alert_id IS DISTINCT FROM alert_log.alert_id
    OR stored.alert_type IS DISTINCT FROM alert_log.alert_type
    OR stored.window_end IS DISTINCT FROM alert_log.window_end
    OR stored.alert_time IS DISTINCT FROM alert_log.alert_time
    OR stored.sample_k IS DISTINCT FROM alert_log.sample_k
    OR stored.sample_n IS DISTINCT FROM alert_log.sample_n
    OR stored.baseline_kind IS DISTINCT FROM alert_log.baseline_kind
    OR stored.evaluation IS DISTINCT FROM alert_log.evaluation
    OR stored.status IS DISTINCT FROM alert_log.status
    OR stored.incident_id IS DISTINCT FROM alert_log.incident_id
    OR stored.rule_version IS DISTINCT FROM alert_log.rule_version
    OR NOT coalesce(
        abs(stored.value - alert_log.value)
        <= 1e-9 * greatest(abs(stored.value), abs(alert_log.value)) + 1e-300,
        stored.value IS NULL AND alert_log.value IS NULL
    )
    OR NOT coalesce(
        abs(stored.threshold - alert_log.threshold)
        <= 1e-9 * greatest(abs(stored.threshold), abs(alert_log.threshold)) + 1e-300,
        stored.threshold IS NULL AND alert_log.threshold IS NULL
    )
    OR NOT coalesce(
        abs(stored.bound - alert_log.bound)
        <= 1e-9 * greatest(abs(stored.bound), abs(alert_log.bound)) + 1e-300,
        stored.bound IS NULL AND alert_log.bound IS NULL
    )
ORDER BY campaign_id ASC, segment ASC, metric ASC, rule ASC, window_start ASC, side ASC
LIMIT :row_limit
