-- Alerts: what gold.alerts_log must hold. Grain: one row per campaign_id, segment, metric, window_start and rule.
-- Reads a relation `alert_spans`. Parameter: timestamp_utc.
WITH fired AS (
    SELECT
        alert_spans.campaign_id,
        alert_spans.segment,
        alert_spans.metric,
        alert_spans.rule,
        alert_spans.fired_sums,
        alert_spans.key_text,
        alert_spans.opening.window_ms AS first_ms,
        alert.*
    FROM alert_spans
    CROSS JOIN
        UNNEST(alert_spans.alerts) AS alert (
            window_ms,
            is_early,
            cutoff_ms,
            fires,
            recovers,
            gain,
            early_fires,
            withdrawn_ms,
            value,
            threshold,
            k,
            n,
            bound,
            baseline_kind,
            rule_version,
            channels
        )
),

times AS (
    SELECT
        *,
        CAST(from_unixtime_nanos(window_ms * CAST(1000000 AS DECIMAL(20, 0))) AS :timestamp_utc) AS window_start,
        CAST(from_unixtime_nanos(first_ms * CAST(1000000 AS DECIMAL(20, 0))) AS :timestamp_utc) AS first_start,
        CAST(from_unixtime_nanos(cutoff_ms * CAST(1000000 AS DECIMAL(20, 0))) AS :timestamp_utc) AS alert_time
    FROM fired
)

SELECT
    lower(
        to_hex(
            sha256(
                to_utf8(
                    key_text || '"' || date_format(window_start, '%Y-%m-%dT%H:%i:%s') || '.000Z","' || rule || '"]'
                )
            )
        )
    ) AS alert_id,
    campaign_id,
    segment,
    metric,
    rule,
    CASE rule WHEN 'C' THEN 'volume_drop' WHEN 'D' THEN 'silence' ELSE 'performance_drop' END AS alert_type,
    window_start,
    window_start + INTERVAL '5' MINUTE AS window_end,
    alert_time,
    value,
    threshold,
    k AS sample_k,
    n AS sample_n,
    if(rule = 'B', element_at(fired_sums, cutoff_ms), bound) AS bound,
    baseline_kind,
    if(is_early, 'early', 'final') AS evaluation,
    if(withdrawn_ms IS NULL, 'fired', 'withdrawn') AS status,
    lower(
        to_hex(
            sha256(
                to_utf8(
                    key_text || '"' || rule || '","' || date_format(first_start, '%Y-%m-%dT%H:%i:%s') || '.000Z"]'
                )
            )
        )
    ) AS incident_id,
    rule_version
FROM times
