-- audit.lookbacks: how long after its click a conversion may come, under the law that Gold follows.
-- grain: one row per period of conversion times, [from_ms, until_ms); they leave no gap
-- readers: metrics that judge conversions or wait for them (bridge, maturity)
-- Parameter: lookbacks, the rows.
SELECT
    CAST(periods.from_ms AS BIGINT) AS from_ms,
    CAST(periods.until_ms AS BIGINT) AS until_ms,
    CAST(periods.lookback_ms AS BIGINT) AS lookback_ms
FROM (VALUES :lookbacks) AS periods (from_ms, until_ms, lookback_ms)
