-- One slice of the admitted deliveries in numbers.
-- Grain: one row. Reads the relation `distinct_events`. Money in integer micros.
SELECT
    coalesce(sum(deliveries), 0) AS deliveries,
    coalesce(sum(inexact_headers), 0) AS inexact_headers,
    count(*) AS events,
    count_if(type_rank = 2) AS conversions,
    coalesce(
        sum(CAST(micros AS DECIMAL(38, 0))) FILTER (WHERE type_rank = 2), 0
    ) AS conversion_micros
FROM distinct_events
