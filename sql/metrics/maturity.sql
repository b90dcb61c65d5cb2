-- maturity: share of the expected conversions that have arrived, by the time of the impression.
-- question: How much of the conversions of these days is in already?
-- grain: one row per bucket that has an impression
-- date basis: impression time
-- readers: dashboard, analysts
-- param bucket minute|hour|day|month|year = day: length of a bucket
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
-- param campaign_id varchar = NULL: impressions of one campaign; NULL: of all
-- param geo_country varchar = NULL: one country; NULL: all
-- param platform varchar = NULL: one platform; NULL: all
-- param cohort_days integer = 28: the delay curve is of the so many days before those that are too young
-- param fewest integer = 30: a curve of fewer conversions tells nothing
-- relation observation
-- relation conversion_delays
-- relation delay_curve
-- relation bucketed_impressions
-- include chosen_rows
-- maturity = sum(impressions * F(age)) / sum(impressions) over the hours of a bucket (its minutes if it is one).
-- F: the curve of conversion_delay_curve, of all campaigns together. age: from the end of the hour (of a minute: its
-- newest impression) to as_of, the newest arrival in Gold (never the wall clock). Delays are rounded up to minutes,
-- beyond two hours to hours: so maturity is rather said too low than too high. NULL: too few conversions to have a
-- curve, never 1.
-- revenue_maturity: the same with each conversion weighted by its revenue.
-- is_mature: every hour of the bucket ended at least a lookback ago; charts and tables mark the others.
-- curve_conversions: how many the curve is made of; NULL: too few.
-- expected_conversions: converted_impressions / maturity; of a young bucket a rough guess.
-- Cost: for the curve, a scan of gold.rollup_conversions.
-- One age for each hour is enough for buckets of hours and more.
WITH cells AS (
    SELECT
        cell_at,
        max(newest_at) AS newest_at,
        sum(impressions) AS impressions,
        sum(converted_impressions) AS converted_impressions,
        sum(revenue) AS revenue
    FROM bucketed_impressions
    WHERE :chosen_rows
    GROUP BY cell_at
    HAVING sum(impressions) > 0
),

bucketed_cells AS (
    SELECT
        *,
        date_trunc(CAST(:bucket AS varchar), cell_at) AS bucket_at
    FROM cells
),

aged_cells AS (
    SELECT
        cells.*,
        observation.as_of,
        observation.lookback_ms,
        date_diff('millisecond', cells.newest_at, observation.as_of) AS age_ms
    FROM bucketed_cells AS cells
    CROSS JOIN observation
),

-- Place 0 is before the shortest delay: nothing had arrived yet. Without a curve all of it is NULL.
placed_cells AS (
    SELECT
        aged_cells.*,
        delay_curve.*,
        cardinality(filter(delay_curve.delays_ms, delay_ms -> delay_ms <= aged_cells.age_ms)) AS place
    FROM aged_cells
    LEFT JOIN delay_curve ON TRUE
),

measured AS (
    SELECT
        bucket_at,
        sum(impressions) AS impressions,
        sum(converted_impressions) AS converted_impressions,
        sum(revenue) AS revenue,
        sum(CAST(impressions AS decimal(38, 0)) * if(place > 0, element_at(arrived_conversions, place), 0))
            AS arrived_conversions,
        sum(CAST(impressions AS decimal(20, 0)) * if(place > 0, element_at(arrived_revenue, place), 0))
            AS arrived_revenue,
        max(all_conversions) AS curve_conversions,
        max(all_revenue) AS curve_revenue,
        min(age_ms) >= min(lookback_ms) AS is_mature,
        max(as_of) AS as_of
    FROM placed_cells
    GROUP BY bucket_at
),

shares AS (
    SELECT
        *,
        CAST(arrived_conversions AS decimal(38, 9)) / nullif(curve_conversions * impressions, 0) AS maturity,
        CAST(arrived_revenue AS decimal(38, 9)) / nullif(curve_revenue * impressions, 0) AS revenue_maturity
    FROM measured
)

SELECT
    bucket_at,
    impressions,
    converted_impressions,
    revenue,
    maturity,
    revenue_maturity,
    CAST(converted_impressions AS decimal(38, 9)) / nullif(maturity, 0) AS expected_conversions,
    is_mature,
    curve_conversions,
    as_of
FROM shares
ORDER BY bucket_at
