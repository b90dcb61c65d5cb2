-- Offending conversions: what a model credits its touches with is not its value, a credit is below zero, or its
-- path is not numbered from 1 to its length. Parameters: table_snapshot, row_limit.
WITH sums AS (
    SELECT
        conversion_id,
        min(value_micros) AS value_micros,
        max(value_micros) AS largest_value_micros,
        sum(CAST(last_micros AS DECIMAL(38, 0))) AS last_micros,
        sum(CAST(first_micros AS DECIMAL(38, 0))) AS first_micros,
        sum(CAST(linear_micros AS DECIMAL(38, 0))) AS linear_micros,
        sum(CAST(position_micros AS DECIMAL(38, 0))) AS position_micros,
        sum(CAST(time_decay_micros AS DECIMAL(38, 0))) AS time_decay_micros,
        sum(CAST(markov_micros AS DECIMAL(38, 0))) AS markov_micros,
        sum(CAST(shapley_micros AS DECIMAL(38, 0))) AS shapley_micros,
        min(
            least(
                last_micros, first_micros, linear_micros, position_micros, time_decay_micros, markov_micros,
                shapley_micros
            )
        ) AS smallest_credit,
        count(*) AS touches,
        count(DISTINCT place) AS different_places,
        min(place) AS first_place,
        max(place) AS last_place,
        min(places) AS places,
        count_if(impression_id = conversion_id) AS own_touches
    FROM lakehouse.gold.attribution_credits FOR VERSION AS OF :table_snapshot
    GROUP BY conversion_id
)

SELECT *
FROM sums
WHERE
    value_micros <> largest_value_micros
    OR last_micros <> value_micros
    OR first_micros <> value_micros
    OR linear_micros <> value_micros
    OR position_micros <> value_micros
    OR time_decay_micros <> value_micros
    OR markov_micros <> value_micros
    OR shapley_micros <> value_micros
    OR smallest_credit < 0
    OR touches <> places
    OR different_places <> places
    OR first_place <> 1
    OR last_place <> places
    OR own_touches <> 1
ORDER BY conversion_id
LIMIT :row_limit
