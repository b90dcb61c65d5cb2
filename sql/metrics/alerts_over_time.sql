-- alerts_over_time: windows in which a KPI rule fired, by hour or day and kind of alert.
-- question: When did the rules fire, and how often were they wrong?
-- grain: one row per bucket in which a rule fired
-- date basis: window_start
-- readers: Grafana (operations), Metabase
-- param since timestamp = NULL: windows that begin at or after this time; NULL: from the beginning
-- param until timestamp = NULL: windows that begin before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- param metric varchar = NULL: one metric of the rules, such as ctr; NULL: all
-- param bucket minute|hour|day|month|year = hour: length of a bucket
-- include time_range: moment = window_start
-- withdrawn: fired early and not confirmed an hour later; the other three do not count them.
WITH placed_alerts AS (
    SELECT
        date_trunc(CAST(:bucket AS varchar), window_start) AS bucket_at,
        alert_type,
        status
    FROM gold.alerts_log
    WHERE
        :time_range
        AND campaign_id = coalesce(CAST(:campaign_id AS varchar), campaign_id)
        AND metric = coalesce(CAST(:metric AS varchar), metric)
)

SELECT
    bucket_at,
    count_if(status = 'fired' AND alert_type = 'performance_drop') AS performance_drops,
    count_if(status = 'fired' AND alert_type = 'volume_drop') AS volume_drops,
    count_if(status = 'fired' AND alert_type = 'silence') AS silences,
    count_if(status = 'withdrawn') AS withdrawn
FROM placed_alerts
GROUP BY bucket_at
ORDER BY bucket_at ASC
