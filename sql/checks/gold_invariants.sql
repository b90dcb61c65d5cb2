-- Offending rows: Gold rows that break an invariant of the law, section 4, with its name.
-- Parameters: gold_snapshot, gold_part (a condition), longest_window_ms, late_tolerance_ms, row_limit.
WITH judged_rows AS (
    SELECT
        impression_id,
        CASE
            WHEN is_converted AND NOT is_clicked THEN 'converted but not clicked'
            WHEN is_converted AND NOT coalesce(eligible, FALSE) THEN 'converted but not eligible'
            WHEN NOT is_converted AND coalesce(eligible, FALSE) THEN 'eligible but not converted'
            WHEN is_converted AND conversion_time IS NULL THEN 'converted without a time'
            WHEN is_converted AND conversion_time < click_time THEN 'converted before its click'
            WHEN
                is_converted
                AND date_diff('millisecond', click_time, conversion_time) > :longest_window_ms
                THEN 'converted outside the lookback'
            WHEN NOT is_converted AND revenue <> 0 THEN 'revenue without a conversion'
            WHEN NOT is_converted AND conversion_time IS NOT NULL THEN 'time without a conversion'
            WHEN is_clicked <> (click_time IS NOT NULL) THEN 'clicked is not: has a click time'
            WHEN (cost IS NULL) <> (impression_time IS NULL) THEN 'cost is not: has an impression'
            WHEN revenue < 0 OR revenue_out_of_window < 0 OR cost < 0 THEN 'money below zero'
            WHEN is_late <> (late_by_ms > 0) THEN 'late is not: late by more than 0 ms'
            WHEN late_by_ms <> 0 AND late_by_ms <= :late_tolerance_ms THEN 'late within tolerance'
        END AS broken_rule
    FROM lakehouse.gold.ad_performance_state FOR VERSION AS OF :gold_snapshot
    WHERE :gold_part
)

SELECT
    impression_id,
    broken_rule
FROM judged_rows
WHERE broken_rule IS NOT NULL
ORDER BY impression_id ASC
LIMIT :row_limit
