-- Offending rows: Gold rows whose storage columns do not agree with each other, with the reason.
-- Parameters: gold_snapshot, law_version, row_limit.
WITH measured_rows AS (
    SELECT
        impression_id,
        engaged,
        law_version,
        coalesce(json_array_length(events_state), 0) AS events,
        json_extract_scalar(events_state, '$[0].r') AS first_rank,
        -- Only where there is an order to check: most impressions have one event.
        CASE
            WHEN json_array_length(events_state) > 1
                THEN transform(
                    TRY_CAST(json_parse(events_state) AS ARRAY(ROW(e VARCHAR))), event -> event.e
                )
        END AS event_ids
    FROM lakehouse.gold.ad_performance_state FOR VERSION AS OF :gold_snapshot
),

judged_rows AS (
    SELECT
        impression_id,
        CASE
            WHEN events = 0 THEN 'events_state is no list of events'
            WHEN engaged <> (events > 1 OR first_rank <> '0')
                THEN 'engaged is not: more than its impression'
            WHEN event_ids <> array_sort(array_distinct(event_ids))
                THEN 'events are not sorted by id, each id once'
            WHEN law_version <> :law_version THEN 'another law version'
        END AS broken_rule
    FROM measured_rows
)

SELECT
    impression_id,
    broken_rule
FROM judged_rows
WHERE broken_rule IS NOT NULL
ORDER BY impression_id ASC
LIMIT :row_limit
