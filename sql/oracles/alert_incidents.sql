-- Incidents: what gold.alert_incidents must hold. Grain: one row per incident_id.
-- Reads a relation `alert_spans`. Parameter: timestamp_utc.
WITH told AS (
    SELECT
        *,
        if(cardinality(live) > 0, element_at(live, -1), opening) AS newest,
        if(rule = 'B', element_at(fired_sums, opening.cutoff_ms), opening.bound) AS opening_bound,
        CAST(from_unixtime_nanos(opening.window_ms * CAST(1000000 AS DECIMAL(20, 0))) AS :timestamp_utc) AS first_start
    FROM alert_spans
)

SELECT
    lower(
        to_hex(
            sha256(
                to_utf8(
                    key_text || '"' || rule || '","' || date_format(first_start, '%Y-%m-%dT%H:%i:%s') || '.000Z"]'
                )
            )
        )
    ) AS incident_id,
    campaign_id,
    segment,
    metric,
    rule,
    CASE rule WHEN 'C' THEN 'volume_drop' WHEN 'D' THEN 'silence' ELSE 'performance_drop' END AS alert_type,
    state,
    CAST(from_unixtime_nanos(opened_ms * CAST(1000000 AS DECIMAL(20, 0))) AS :timestamp_utc) AS opened_at,
    CAST(from_unixtime_nanos(closed_ms * CAST(1000000 AS DECIMAL(20, 0))) AS :timestamp_utc) AS closed_at,
    first_start AS first_window_start,
    CAST(from_unixtime_nanos(newest.window_ms * CAST(1000000 AS DECIMAL(20, 0))) AS :timestamp_utc)
        AS last_window_start,
    CAST(cardinality(live) AS BIGINT) AS fired_windows,
    array_min(transform(live, one -> one.value)) AS worst_value,
    opening.channels AS channels,
    opening.value AS opening_value,
    opening.threshold AS opening_threshold,
    opening.k AS opening_k,
    opening.n AS opening_n,
    opening_bound,
    CAST(from_unixtime_nanos(closing.window_ms * CAST(1000000 AS DECIMAL(20, 0))) AS :timestamp_utc)
        AS closing_window_start,
    closing.value AS closing_value,
    closing.threshold AS closing_threshold,
    closing.k AS closing_k,
    closing.n AS closing_n,
    newest.value AS last_value,
    newest.threshold AS last_threshold,
    newest.k AS last_k,
    newest.n AS last_n,
    opening.rule_version AS rule_version
FROM told
