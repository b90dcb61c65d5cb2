-- What a slice of touched impressions added to the totals of the last proof.
-- Grain: one row. Reads the relation `proven_rows`. Money in integer micros.
WITH measured_rows AS (
    SELECT
        impression_time,
        is_clicked,
        is_converted,
        revenue,
        revenue_out_of_window,
        CAST(json_parse(events_state) AS ARRAY(ROW(r BIGINT, m BIGINT))) AS held_events
    FROM proven_rows
)

SELECT
    count(*) AS gold_rows,
    count(impression_time) AS impressions,
    count_if(is_clicked) AS clicked,
    count_if(is_converted) AS converted,
    coalesce(CAST(sum(revenue) * 1000000 AS DECIMAL(38, 0)), 0) AS revenue_micros,
    coalesce(CAST(sum(revenue_out_of_window) * 1000000 AS DECIMAL(38, 0)), 0) AS out_of_window_micros,
    coalesce(sum(cardinality(held_events)), 0) AS events,
    coalesce(sum(cardinality(filter(held_events, event -> event.r = 2))), 0) AS conversions,
    coalesce(
        sum(
            reduce(
                filter(held_events, event -> event.r = 2),
                CAST(0 AS DECIMAL(38, 0)),
                (added, event) -> added + event.m,
                added -> added
            )
        ),
        0
    ) AS conversion_micros
FROM measured_rows
