-- advertisers: advertisers with their flag, their budget in force and what they spent in its period.
-- question: Whose ads may be served, and how much of each budget is left?
-- grain: one row per advertiser with a decision, largest valid spend first; advertisers counts all of them
-- date basis: none (the moment as_of; days and months of the advertiser's own zone)
-- readers: API, Metabase
-- param advertiser_id varchar = NULL: one advertiser; NULL: all
-- param as_of timestamp = NULL: the moment; NULL: now
-- param most integer = 100: at most so many rows
-- relation reserves
-- can_serve, since and cause are those of the newest flip. reserve: what is kept back at the moment, by the clicks that
-- the tables have; what was kept back when the flag was turned tells metric serving_flips.
-- The period is that of the budget in force; spend is all of that period. remaining, spent_share and pacing are NULL
-- where no budget is known. pacing: spent share of the budget / elapsed share of the period; NULL of a lifetime.
WITH moments AS (
    SELECT coalesce(CAST(:as_of AS :timestamp_utc), current_timestamp) AS as_of
),

asked AS (
    SELECT *
    FROM gold.serving_flips
    WHERE advertiser_id = coalesce(CAST(:advertiser_id AS varchar), advertiser_id)
),

flips AS (
    SELECT
        taken.advertiser_id,
        moments.as_of,
        max_by(taken.advertiser, taken.flip_number) AS advertiser,
        max_by(taken.can_serve, taken.flip_number) AS can_serve,
        max_by(taken.effective_at, taken.flip_number) AS since,
        max_by(taken.cause, taken.flip_number) AS cause,
        max_by(taken.period, taken.flip_number) AS period
    FROM asked AS taken
    CROSS JOIN moments
    WHERE taken.effective_at <= moments.as_of
    GROUP BY taken.advertiser_id, moments.as_of
),

states AS (
    SELECT
        versions.advertiser_id,
        max(versions.advertiser) FILTER (WHERE versions.is_current) AS advertiser,
        max(versions.time_zone) FILTER (WHERE versions.is_current) AS time_zone,
        max(versions.status) FILTER (
            WHERE versions.start_ts <= moments.as_of AND versions.end_ts > moments.as_of
        ) AS status
    FROM dims.dim_advertisers AS versions
    CROSS JOIN moments
    GROUP BY versions.advertiser_id
),

budgets AS (
    SELECT
        versions.advertiser_id,
        versions.budget_value,
        versions.period
    FROM dims.dim_budgets AS versions
    CROSS JOIN moments
    WHERE versions.start_ts <= moments.as_of AND versions.end_ts > moments.as_of
),

placed AS (
    SELECT
        flips.advertiser_id,
        flips.as_of,
        coalesce(states.advertiser, flips.advertiser) AS advertiser,
        flips.can_serve,
        flips.since,
        flips.cause,
        coalesce(reserves.reserve, decimal '0.000000') AS reserve,
        budgets.budget_value,
        coalesce(budgets.period, flips.period) AS period,
        coalesce(states.status, 'ACTIVE') AS status,
        coalesce(states.time_zone, 'UTC') AS time_zone,
        CAST(at_timezone(flips.as_of, coalesce(states.time_zone, 'UTC')) AS date) AS local_day
    FROM flips
    LEFT JOIN states ON flips.advertiser_id = states.advertiser_id
    LEFT JOIN budgets ON flips.advertiser_id = budgets.advertiser_id
    LEFT JOIN reserves ON flips.advertiser_id = reserves.advertiser_id
),

bounded AS (
    SELECT
        *,
        CASE period
            WHEN 'DAILY' THEN local_day
            WHEN 'MONTHLY' THEN date_trunc('month', local_day)
        END AS first_day,
        CASE period
            WHEN 'DAILY' THEN date_add('day', 1, local_day)
            WHEN 'MONTHLY' THEN date_add('month', 1, date_trunc('month', local_day))
        END AS end_day
    FROM placed
),

spent AS (
    SELECT
        hours.advertiser_id,
        max(hours.advertiser) AS advertiser,
        sum(hours.gross_spend) FILTER (WHERE hours.is_meant) AS gross_spend,
        sum(hours.net_spend) FILTER (WHERE hours.is_meant) AS net_spend,
        sum(hours.valid_spend) FILTER (WHERE hours.is_meant) AS valid_spend,
        sum(hours.record_count) FILTER (WHERE hours.is_meant) AS clicks
    FROM (
        SELECT
            spends.advertiser_id,
            spends.advertiser,
            spends.gross_spend,
            spends.net_spend,
            spends.valid_spend,
            spends.record_count,
            coalesce(spends.spend_day >= bounded.first_day AND spends.spend_day < bounded.end_day, TRUE) AS is_meant
        FROM gold.advertiser_spend_hourly AS spends
        INNER JOIN bounded ON spends.advertiser_id = bounded.advertiser_id
    ) AS hours
    GROUP BY hours.advertiser_id
),

totals AS (
    SELECT
        bounded.*,
        coalesce(spent.advertiser, bounded.advertiser) AS name,
        coalesce(spent.gross_spend, 0) AS gross_spend,
        coalesce(spent.net_spend, 0) AS net_spend,
        coalesce(spent.valid_spend, 0) AS valid_spend,
        coalesce(spent.clicks, 0) AS clicks,
        with_timezone(CAST(bounded.first_day AS timestamp(6)), bounded.time_zone) AT TIME ZONE 'UTC' AS period_start,
        with_timezone(CAST(bounded.end_day AS timestamp(6)), bounded.time_zone) AT TIME ZONE 'UTC' AS period_end
    FROM bounded
    LEFT JOIN spent ON bounded.advertiser_id = spent.advertiser_id
),

ranked AS (
    SELECT
        *,
        CAST(valid_spend AS decimal(38, 9)) / nullif(budget_value, 0) AS spent_share,
        count(*) OVER () AS advertisers,
        row_number() OVER (ORDER BY valid_spend DESC, advertiser_id ASC) AS place
    FROM totals
)

SELECT
    advertiser_id,
    name AS advertiser,
    status,
    time_zone,
    can_serve,
    since,
    cause,
    budget_value,
    period,
    period_start,
    period_end,
    gross_spend,
    net_spend,
    valid_spend,
    clicks,
    reserve,
    greatest(budget_value - valid_spend, 0) AS remaining,
    spent_share,
    spent_share
    * date_diff('millisecond', period_start, period_end)
    / nullif(date_diff('millisecond', period_start, as_of), 0) AS pacing,
    advertisers
FROM ranked
WHERE place <= :most
ORDER BY place
