-- revenue_over_time: attributed revenue by the time of the conversion, orphans included.
-- question: When did the attributed revenue come in?
-- grain: one row per bucket that has an attributed conversion
-- date basis: conversion time (not comparable with spend, which counts by impression time)
-- readers: analysts
-- param bucket minute|hour|day|month|year = hour: length of a bucket
-- param since timestamp = NULL: conversions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: conversions before this time; NULL: to the end
-- include time_range: moment = conversion_time
SELECT  -- noqa: LT09
    date_trunc(CAST(:bucket AS varchar), conversion_time) AS bucket_at,
    count(*) AS conversions,
    sum(revenue) AS revenue,
    coalesce(sum(revenue) FILTER (WHERE impression_time IS NULL), 0) AS orphan_revenue
FROM gold.ad_performance_state
WHERE
    is_converted
    AND engaged
    AND :time_range
GROUP BY 1
ORDER BY 1
