-- One version of the law, its dated rows ascending.
SELECT
    valid_from_ms,
    attribution_window_ms,
    late_tolerance_ms,
    future_tolerance_ms
FROM adlake.law_versions
WHERE law_version = :law_version
ORDER BY valid_from_ms
