-- delay_steps: the delay curve in steps: conversions of the cohort and their revenue by delay, rounded up to minutes
-- and beyond two hours to hours, never beyond the lookback; a relation.
-- Reads the relation `conversion_delays`. Parameter: fewest, so many make a curve; of fewer there is no row.
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

counted_steps AS (
    SELECT
        delay_ms,
        conversions,
        revenue,
        sum(conversions) OVER () AS all_conversions,
        sum(revenue) OVER () AS all_revenue
    FROM steps
)

SELECT *
FROM counted_steps
WHERE all_conversions >= CAST(:fewest AS BIGINT)
