-- conversion_delays: attributed conversions of impressions that were observed for a whole lookback, with the time from
-- the impression to the arrival of the conversion; a relation.
-- Reads the relation `observation`. Parameter: cohort_days, how many days of them.
-- An impression younger than the lookback may still convert: it is left out, so nothing is cut off on the right.
-- Arrival is the first Kafka time of the attributed conversion, from the row's own state.
WITH cohort AS (
    SELECT
        lookback_ms,
        mature_until,
        date_add('day', -CAST(:cohort_days AS INTEGER), mature_until) AS cohort_from
    FROM observation
)

SELECT
    gold.campaign_id,
    gold.geo_country,
    gold.platform,
    gold.revenue,
    cohort.lookback_ms,
    greatest(
        0,
        element_at(
            filter(
                CAST(json_parse(gold.events_state) AS ARRAY(ROW(t BIGINT, r INTEGER, i BIGINT))),
                event -> event.r = 2
                AND event.t = date_diff(
                    'millisecond', TIMESTAMP '1970-01-01 00:00:00.000 UTC', gold.conversion_time
                )
            ),
            1
        ).i - date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00.000 UTC', gold.impression_time)
    ) AS delay_ms
FROM gold.ad_performance_state AS gold
INNER JOIN cohort
    ON
        gold.impression_time <= cohort.mature_until
        AND gold.impression_time > cohort.cohort_from
WHERE
    gold.is_converted
    AND gold.engaged
