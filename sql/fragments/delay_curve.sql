-- delay_curve: the curve of delays as one row: conversions of the cohort and their revenue by delay, rounded up to
-- minutes and beyond two hours to hours, never beyond the lookback; a relation.
-- Reads the relation `conversion_delays`. Parameter: fewest, so many make a curve; of fewer there is no row.
-- delays_ms, ascending; beside each how much had arrived by then. So what had arrived after any time is looked up once
-- for each row that asks, by how many delays are no longer than that.
WITH rounded AS (
    SELECT
        conversions,
        revenue,
        least(
            lookback_ms,
            if(
                delay_ms <= 7200000,
                (delay_ms + 59999) / 60000 * 60000,
                (delay_ms + 3599999) / 3600000 * 3600000
            )
        ) AS delay_ms
    FROM conversion_delays
    WHERE delay_ms <= lookback_ms
),

steps AS (
    SELECT
        delay_ms,
        sum(conversions) AS conversions,
        sum(revenue) AS revenue
    FROM rounded
    GROUP BY delay_ms
),

arrivals AS (
    SELECT
        delay_ms,
        sum(conversions) OVER (ORDER BY delay_ms) AS conversions,
        sum(revenue) OVER (ORDER BY delay_ms) AS revenue
    FROM steps
)

SELECT
    array_agg(
        delay_ms
        ORDER BY delay_ms
    ) AS delays_ms,
    array_agg(
        conversions
        ORDER BY delay_ms
    ) AS arrived_conversions,
    array_agg(
        revenue
        ORDER BY delay_ms
    ) AS arrived_revenue,
    max(conversions) AS all_conversions,
    max(revenue) AS all_revenue
FROM arrivals
HAVING max(conversions) >= CAST(:fewest AS BIGINT)
