-- campaign_kpis: counts, money and rates of the funnel over a span of time, each event at its own time.
-- question: How many impressions, clicks, sign-ups and activations were there, and at which rates?
-- grain: one row per window, hour or day in which something happened, or one for the whole span
-- date basis: time of each event; late events change their own window at any age
-- readers: API, dashboard (funnel, operations), analysts
-- param since timestamp = NULL: windows that begin at or after this time; NULL: from the beginning
-- param until timestamp = NULL: windows that begin before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all together
-- param channel varchar = NULL: one channel; NULL: all together
-- param bucket total|window|hour|day = total: what a row sums over
-- include time_range: moment = window_start
-- include kpi_sums
-- include kpi_ratios
-- A rate may be above 1: clicks of a window belong to earlier impressions.
WITH windows AS (
    SELECT
        *,
        CASE CAST(:bucket AS varchar)
            WHEN 'window' THEN window_start
            WHEN 'hour' THEN date_trunc('hour', window_start)
            WHEN 'day' THEN date_trunc('day', window_start)
        END AS bucket_at
    FROM gold.campaign_funnel_5m
    WHERE
        :time_range
        AND campaign_id = coalesce(CAST(:campaign_id AS varchar), campaign_id)
        AND channel = coalesce(CAST(:channel AS varchar), channel)
),

sums AS (
    SELECT
        bucket_at,
        :kpi_sums
    FROM windows
    GROUP BY bucket_at
)

SELECT
    *,
    :kpi_ratios
FROM sums
ORDER BY bucket_at ASC
