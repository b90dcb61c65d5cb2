-- conversion_delay_curve: share of the attributed conversions that had arrived so long after their impression.
-- question: How long does it take until the conversions of an impression are in?
-- grain: one row per delay up to the lookback, shortest first
-- date basis: impression time; impressions that were observed for a whole lookback
-- readers: dashboard (campaigns), analysts
-- param cohort_days integer = 28: impressions of the so many days before those that are too young
-- param fewest integer = 30: of fewer conversions no share is told
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- param geo_country varchar = NULL: one country; NULL: all
-- param platform varchar = NULL: one platform; NULL: all
-- relation observation
-- relation conversion_delays
-- include chosen_rows
-- F(d) = conversions with delay <= d / conversions with delay <= W. Delay: from the impression to the arrival of its
-- attributed conversion (first Kafka time). W: the lookback of the law that Gold follows, at as_of. as_of: the newest
-- arrival in Gold, never the wall clock. Only impressions at least W old at as_of count, so that none can be cut off:
-- the empirical distribution over closed cohorts, as for reporting delays (Lawless, Canadian J. Statistics 22, 1994);
-- that young impressions are not negatives: Chapelle, KDD 2014. NULL: fewer than `fewest` conversions to measure it by.
-- after_lookback: conversions of those impressions that came later than W after the impression (their click came late).
-- Cost: a scan of gold.rollup_conversions.
WITH delays AS (
    SELECT
        delay_ms,
        lookback_ms,
        conversions,
        revenue
    FROM conversion_delays
    WHERE :chosen_rows
),

totals AS (
    SELECT
        coalesce(sum(conversions) FILTER (WHERE delay_ms <= lookback_ms), 0) AS conversions,
        coalesce(sum(conversions) FILTER (WHERE delay_ms > lookback_ms), 0) AS after_lookback,
        sum(revenue) FILTER (WHERE delay_ms <= lookback_ms) AS revenue,
        coalesce(sum(conversions) FILTER (WHERE delay_ms <= lookback_ms), 0) >= CAST(:fewest AS bigint) AS is_enough
    FROM delays
),

steps AS (
    SELECT DISTINCT least(delays_shown.minutes * bigint '60000', observation.lookback_ms) AS delay_ms
    FROM observation
    CROSS JOIN
        UNNEST(ARRAY[
            1, 2, 5, 10, 15, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 1080, 1440, 2160, 2880, 4320, 5760, 7200,
            8640, 10080, 14400, 20160, 30240, 43200, 64800, 86400, 129600, 525600
        ]) AS delays_shown (minutes)
),

arrived AS (
    SELECT
        steps.delay_ms,
        coalesce(sum(delays.conversions), 0) AS arrived_conversions,
        coalesce(sum(delays.revenue), 0) AS arrived_revenue
    FROM steps
    LEFT JOIN delays ON steps.delay_ms >= delays.delay_ms
    GROUP BY steps.delay_ms
)

SELECT
    CAST(arrived.delay_ms AS decimal(18, 3)) / 1000 AS delay_seconds,
    arrived.arrived_conversions,
    if(
        totals.is_enough,
        CAST(arrived.arrived_conversions AS decimal(38, 9)) / nullif(totals.conversions, 0)
    ) AS share_of_conversions,
    if(
        totals.is_enough,
        CAST(arrived.arrived_revenue AS decimal(38, 9)) / nullif(totals.revenue, 0)
    ) AS share_of_revenue,
    totals.conversions,
    totals.after_lookback,
    observation.as_of
FROM arrived
CROSS JOIN totals
CROSS JOIN observation
ORDER BY arrived.delay_ms
