-- Incidents: what gold.alert_incidents must hold. Grain: one row per incident_id.
-- Reads a relation `alert_spans`. Parameter: timestamp_utc.
WITH told AS (
    SELECT
        alert_spans.*,
        if(cardinality(alert_spans.live) > 0, element_at(alert_spans.live, -1), alert_spans.opening) AS newest,
        if(
            alert_spans.rule = 'B',
            element_at(alert_spans.fired_sums, alert_spans.opening.cutoff_ms),
            alert_spans.opening.bound
        ) AS opening_bound,
        CAST(
            from_unixtime_nanos(alert_spans.opening.window_ms * CAST(1000000 AS DECIMAL(20, 0))) AS :timestamp_utc
        ) AS first_start
    FROM alert_spans
)

SELECT
    lower(
        to_hex(
            sha256(
                to_utf8(
                    told.key_text
                    || '"'
                    || told.rule
                    || '","'
                    || date_format(told.first_start, '%Y-%m-%dT%H:%i:%s')
                    || '.000Z"]'
                )
            )
        )
    ) AS incident_id,
    told.campaign_id,
    told.segment,
    told.metric,
    told.rule,
    CASE told.rule WHEN 'C' THEN 'volume_drop' WHEN 'D' THEN 'silence' ELSE 'performance_drop' END AS alert_type,
    told.state,
    CAST(from_unixtime_nanos(told.opened_ms * CAST(1000000 AS DECIMAL(20, 0))) AS :timestamp_utc) AS opened_at,
    CAST(from_unixtime_nanos(told.closed_ms * CAST(1000000 AS DECIMAL(20, 0))) AS :timestamp_utc) AS closed_at,
    told.first_start AS first_window_start,
    CAST(from_unixtime_nanos(told.newest.window_ms * CAST(1000000 AS DECIMAL(20, 0))) AS :timestamp_utc)
        AS last_window_start,
    CAST(cardinality(told.live) AS BIGINT) AS fired_windows,
    array_min(transform(told.live, one -> one.value)) AS worst_value,
    told.opening.channels,
    told.opening.value AS opening_value,
    told.opening.threshold AS opening_threshold,
    told.opening.k AS opening_k,
    told.opening.n AS opening_n,
    told.opening_bound,
    CAST(from_unixtime_nanos(told.closing.window_ms * CAST(1000000 AS DECIMAL(20, 0))) AS :timestamp_utc)
        AS closing_window_start,
    told.closing.value AS closing_value,
    told.closing.threshold AS closing_threshold,
    told.closing.k AS closing_k,
    told.closing.n AS closing_n,
    told.newest.value AS last_value,
    told.newest.threshold AS last_threshold,
    told.newest.k AS last_k,
    told.newest.n AS last_n,
    told.opening.rule_version
FROM told
