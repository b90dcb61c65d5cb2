-- One slice of Gold against the oracle, in numbers.
-- Grain: one row. Reads the relation `compared_rows`. Money in integer micros.
SELECT
    coalesce(sum(gold_copies), 0) AS gold_rows,
    coalesce(sum(expected_copies), 0) AS expected_rows,
    count_if(gold_copies <> expected_copies) AS differing_rows,
    coalesce(CAST(sum(revenue * gold_copies) * 1000000 AS DECIMAL(38, 0)), 0)
        AS revenue_micros,
    coalesce(CAST(sum(revenue_out_of_window * gold_copies) * 1000000 AS DECIMAL(38, 0)), 0)
        AS out_of_window_micros,
    coalesce(sum(gold_copies) FILTER (WHERE impression_time IS NOT NULL), 0) AS impressions,
    coalesce(sum(gold_copies) FILTER (WHERE is_clicked), 0) AS clicked,
    coalesce(sum(gold_copies) FILTER (WHERE is_converted), 0) AS converted
FROM compared_rows
