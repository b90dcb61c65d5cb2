-- conversion_delays: attributed conversions of impressions that were observed for a whole lookback, with the time from
-- the impression to the arrival of the conversion; a relation, to be added up.
-- Reads the relation `observation`. Parameter: cohort_days, how many days of them.
-- An impression younger than the lookback may still convert: it is left out, so nothing is cut off on the right.
-- Arrival is the first Kafka time of the attributed conversion. Of a conversion that changed there are rows that cancel
-- out: count with conversions, which may be below zero in one row.
WITH cohort AS (
    SELECT
        lookback_ms,
        mature_until,
        date_add('day', -CAST(:cohort_days AS INTEGER), mature_until) AS cohort_from
    FROM observation
)

SELECT
    held.campaign_id,
    held.geo_country,
    held.platform,
    held.conversions,
    held.value AS revenue,
    held.delay_ms,
    cohort.lookback_ms
FROM gold.rollup_conversions AS held
INNER JOIN cohort
    ON
        held.impression_time <= cohort.mature_until
        AND held.impression_time > cohort.cohort_from
WHERE held.bucket = 'ATTRIBUTED'
