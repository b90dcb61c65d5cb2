-- Offending rows: in gold.alert_incidents but otherwise in the oracle, in one of them alone, or stored twice.
-- Reads a relation `alert_incidents`, once. Parameters: table_snapshot, slice_count, slice, row_limit.
-- Doubles may differ in their last digits: engines add and take logarithms in their own ways.
WITH stored AS (
    SELECT
        incident_id,
        campaign_id,
        segment,
        metric,
        rule,
        alert_type,
        state,
        opened_at,
        closed_at,
        first_window_start,
        last_window_start,
        fired_windows,
        worst_value,
        channels,
        opening_value,
        opening_threshold,
        opening_k,
        opening_n,
        opening_bound,
        closing_window_start,
        closing_value,
        closing_threshold,
        closing_k,
        closing_n,
        last_value,
        last_threshold,
        last_k,
        last_n,
        rule_version,
        count(*) OVER (PARTITION BY incident_id) AS copies
    FROM lakehouse.gold.alert_incidents FOR VERSION AS OF :table_snapshot
    WHERE mod(crc32(to_utf8(campaign_id)), :slice_count) = :slice
)

SELECT
    CASE
        WHEN alert_incidents.incident_id IS NULL THEN 'stored, but not what the tables give'
        WHEN stored.incident_id IS NULL THEN 'given by the tables, but not stored'
        WHEN stored.copies > 1 THEN 'stored twice'
        ELSE 'stored otherwise than the tables give'
    END AS side,
    coalesce(stored.campaign_id, alert_incidents.campaign_id) AS campaign_id,
    coalesce(stored.segment, alert_incidents.segment) AS segment,
    coalesce(stored.metric, alert_incidents.metric) AS metric,
    coalesce(stored.rule, alert_incidents.rule) AS rule,
    coalesce(stored.opened_at, alert_incidents.opened_at) AS opened_at,
    stored.incident_id AS stored_incident_id,
    alert_incidents.incident_id AS expected_incident_id,
    stored.alert_type AS stored_alert_type,
    alert_incidents.alert_type AS expected_alert_type,
    stored.state AS stored_state,
    alert_incidents.state AS expected_state,
    stored.closed_at AS stored_closed_at,
    alert_incidents.closed_at AS expected_closed_at,
    stored.first_window_start AS stored_first_window_start,
    alert_incidents.first_window_start AS expected_first_window_start,
    stored.last_window_start AS stored_last_window_start,
    alert_incidents.last_window_start AS expected_last_window_start,
    stored.fired_windows AS stored_fired_windows,
    alert_incidents.fired_windows AS expected_fired_windows,
    stored.worst_value AS stored_worst_value,
    alert_incidents.worst_value AS expected_worst_value,
    stored.channels AS stored_channels,
    alert_incidents.channels AS expected_channels,
    stored.opening_value AS stored_opening_value,
    alert_incidents.opening_value AS expected_opening_value,
    stored.opening_threshold AS stored_opening_threshold,
    alert_incidents.opening_threshold AS expected_opening_threshold,
    stored.opening_k AS stored_opening_k,
    alert_incidents.opening_k AS expected_opening_k,
    stored.opening_n AS stored_opening_n,
    alert_incidents.opening_n AS expected_opening_n,
    stored.opening_bound AS stored_opening_bound,
    alert_incidents.opening_bound AS expected_opening_bound,
    stored.closing_window_start AS stored_closing_window_start,
    alert_incidents.closing_window_start AS expected_closing_window_start,
    stored.closing_value AS stored_closing_value,
    alert_incidents.closing_value AS expected_closing_value,
    stored.closing_threshold AS stored_closing_threshold,
    alert_incidents.closing_threshold AS expected_closing_threshold,
    stored.closing_k AS stored_closing_k,
    alert_incidents.closing_k AS expected_closing_k,
    stored.closing_n AS stored_closing_n,
    alert_incidents.closing_n AS expected_closing_n,
    stored.last_value AS stored_last_value,
    alert_incidents.last_value AS expected_last_value,
    stored.last_threshold AS stored_last_threshold,
    alert_incidents.last_threshold AS expected_last_threshold,
    stored.last_k AS stored_last_k,
    alert_incidents.last_k AS expected_last_k,
    stored.last_n AS stored_last_n,
    alert_incidents.last_n AS expected_last_n,
    stored.rule_version AS stored_rule_version,
    alert_incidents.rule_version AS expected_rule_version
FROM stored
FULL OUTER JOIN alert_incidents
    ON
        stored.incident_id = alert_incidents.incident_id
WHERE
    stored.incident_id IS NULL
    OR alert_incidents.incident_id IS NULL
    OR stored.copies > 1
    OR stored.campaign_id IS DISTINCT FROM alert_incidents.campaign_id
    OR stored.segment IS DISTINCT FROM alert_incidents.segment
    OR stored.metric IS DISTINCT FROM alert_incidents.metric
    OR stored.rule IS DISTINCT FROM alert_incidents.rule
    OR stored.alert_type IS DISTINCT FROM alert_incidents.alert_type
    OR stored.state IS DISTINCT FROM alert_incidents.state
    OR stored.opened_at IS DISTINCT FROM alert_incidents.opened_at
    OR stored.closed_at IS DISTINCT FROM alert_incidents.closed_at
    OR stored.first_window_start IS DISTINCT FROM alert_incidents.first_window_start
    OR stored.last_window_start IS DISTINCT FROM alert_incidents.last_window_start
    OR stored.fired_windows IS DISTINCT FROM alert_incidents.fired_windows
    OR stored.channels IS DISTINCT FROM alert_incidents.channels
    OR stored.opening_k IS DISTINCT FROM alert_incidents.opening_k
    OR stored.opening_n IS DISTINCT FROM alert_incidents.opening_n
    OR stored.closing_window_start IS DISTINCT FROM alert_incidents.closing_window_start
    OR stored.closing_k IS DISTINCT FROM alert_incidents.closing_k
    OR stored.closing_n IS DISTINCT FROM alert_incidents.closing_n
    OR stored.last_k IS DISTINCT FROM alert_incidents.last_k
    OR stored.last_n IS DISTINCT FROM alert_incidents.last_n
    OR stored.rule_version IS DISTINCT FROM alert_incidents.rule_version
    OR NOT coalesce(
        abs(stored.worst_value - alert_incidents.worst_value)
        <= 1e-9 * greatest(abs(stored.worst_value), abs(alert_incidents.worst_value)) + 1e-300,
        stored.worst_value IS NULL AND alert_incidents.worst_value IS NULL
    )
    OR NOT coalesce(
        abs(stored.opening_value - alert_incidents.opening_value)
        <= 1e-9 * greatest(abs(stored.opening_value), abs(alert_incidents.opening_value)) + 1e-300,
        stored.opening_value IS NULL AND alert_incidents.opening_value IS NULL
    )
    OR NOT coalesce(
        abs(stored.opening_threshold - alert_incidents.opening_threshold)
        <= 1e-9 * greatest(abs(stored.opening_threshold), abs(alert_incidents.opening_threshold)) + 1e-300,
        stored.opening_threshold IS NULL AND alert_incidents.opening_threshold IS NULL
    )
    OR NOT coalesce(
        abs(stored.opening_bound - alert_incidents.opening_bound)
        <= 1e-9 * greatest(abs(stored.opening_bound), abs(alert_incidents.opening_bound)) + 1e-300,
        stored.opening_bound IS NULL AND alert_incidents.opening_bound IS NULL
    )
    OR NOT coalesce(
        abs(stored.closing_value - alert_incidents.closing_value)
        <= 1e-9 * greatest(abs(stored.closing_value), abs(alert_incidents.closing_value)) + 1e-300,
        stored.closing_value IS NULL AND alert_incidents.closing_value IS NULL
    )
    OR NOT coalesce(
        abs(stored.closing_threshold - alert_incidents.closing_threshold)
        <= 1e-9 * greatest(abs(stored.closing_threshold), abs(alert_incidents.closing_threshold)) + 1e-300,
        stored.closing_threshold IS NULL AND alert_incidents.closing_threshold IS NULL
    )
    OR NOT coalesce(
        abs(stored.last_value - alert_incidents.last_value)
        <= 1e-9 * greatest(abs(stored.last_value), abs(alert_incidents.last_value)) + 1e-300,
        stored.last_value IS NULL AND alert_incidents.last_value IS NULL
    )
    OR NOT coalesce(
        abs(stored.last_threshold - alert_incidents.last_threshold)
        <= 1e-9 * greatest(abs(stored.last_threshold), abs(alert_incidents.last_threshold)) + 1e-300,
        stored.last_threshold IS NULL AND alert_incidents.last_threshold IS NULL
    )
ORDER BY campaign_id ASC, segment ASC, metric ASC, rule ASC, opened_at ASC, side ASC
LIMIT :row_limit
