-- advertiser_spend: what advertisers spent by hour, day or month, beside the budget of then.
-- question: How much did an advertiser spend in each hour, day or month, and what was the budget?
-- grain: one row per advertiser and hour, day or month with a billed click, newest first; buckets counts all of them
-- date basis: time of the click; days and months of the advertiser's own zone
-- readers: API, Metabase
-- param advertiser_id varchar = NULL: one advertiser; NULL: all
-- param bucket hour|day|month = day: what a row sums over
-- param since timestamp = NULL: buckets that end after this time; NULL: from the beginning
-- param until timestamp = NULL: buckets that begin before this time; NULL: to the end
-- param as_of timestamp = NULL: the moment that is now for buckets that go on; NULL: now
-- param most integer = 100: at most so many rows, the newest
-- A bucket is never cut. budget_value, period and can_serve: at its last moment, or as of now while it goes on.
-- average_budget: of all of its time that has a budget, weighted by that time; NULL where it has none.
WITH moments AS (
    SELECT
        coalesce(CAST(:as_of AS :timestamp_utc), current_timestamp) AS as_of,
        CAST(:bucket AS varchar) AS bucket
),

zones AS (
    SELECT
        advertiser_id,
        time_zone
    FROM dims.dim_advertisers
    WHERE is_current
),

spends AS (
    SELECT *
    FROM gold.advertiser_spend_hourly
    WHERE advertiser_id = coalesce(CAST(:advertiser_id AS varchar), advertiser_id)
),

placed AS (
    SELECT
        hours.*,
        coalesce(zones.time_zone, 'UTC') AS time_zone,
        CASE moments.bucket
            WHEN 'day' THEN hours.spend_day
            WHEN 'month' THEN hours.spend_month
        END AS first_day,
        CASE moments.bucket
            WHEN 'day' THEN date_add('day', 1, hours.spend_day)
            WHEN 'month' THEN date_add('month', 1, hours.spend_month)
        END AS end_day
    FROM spends AS hours
    CROSS JOIN moments
    LEFT JOIN zones ON hours.advertiser_id = zones.advertiser_id
),

bounded AS (
    SELECT
        *,
        coalesce(
            with_timezone(CAST(first_day AS timestamp(6)), time_zone) AT TIME ZONE 'UTC', window_start
        ) AS bucket_start,
        coalesce(
            with_timezone(CAST(end_day AS timestamp(6)), time_zone) AT TIME ZONE 'UTC', window_end
        ) AS bucket_end
    FROM placed
),

sums AS (
    SELECT
        advertiser_id,
        bucket_start,
        bucket_end,
        max(advertiser) AS advertiser,
        max(first_day) AS local_day,
        sum(gross_spend) AS gross_spend,
        sum(credit_amount) AS credit_amount,
        sum(valid_spend) AS valid_spend,
        sum(overdelivery_amount) AS overdelivery_amount,
        sum(net_spend) AS net_spend,
        sum(record_count) AS clicks
    FROM bounded
    WHERE
        bucket_end > coalesce(CAST(:since AS :timestamp_utc), CAST('1970-01-01 00:00:00+00:00' AS :timestamp_utc))
        AND bucket_start < coalesce(
            CAST(:until AS :timestamp_utc), CAST('9999-12-31 00:00:00+00:00' AS :timestamp_utc)
        )
    GROUP BY advertiser_id, bucket_start, bucket_end
),

ranked AS (
    SELECT
        sums.*,
        least(sums.bucket_end, moments.as_of + INTERVAL '0.001' SECOND) AS known_until,
        count(*) OVER () AS buckets,
        row_number() OVER (ORDER BY sums.bucket_start DESC, sums.advertiser_id ASC) AS place
    FROM sums
    CROSS JOIN moments
),

chosen AS (
    SELECT *
    FROM ranked
    WHERE place <= :most
),

budgets AS (
    SELECT
        chosen.place,
        max(versions.budget_value) FILTER (
            WHERE versions.start_ts < chosen.known_until AND versions.end_ts >= chosen.known_until
        ) AS budget_value,
        max(versions.period) FILTER (
            WHERE versions.start_ts < chosen.known_until AND versions.end_ts >= chosen.known_until
        ) AS period,
        CAST(
            sum(
                versions.budget_value
                * date_diff(
                    'millisecond',
                    greatest(versions.start_ts, chosen.bucket_start),
                    least(versions.end_ts, chosen.bucket_end)
                )
            )
            / sum(
                date_diff(
                    'millisecond',
                    greatest(versions.start_ts, chosen.bucket_start),
                    least(versions.end_ts, chosen.bucket_end)
                )
            ) AS decimal(38, 6)
        ) AS average_budget
    FROM chosen
    INNER JOIN dims.dim_budgets AS versions
        ON
            chosen.advertiser_id = versions.advertiser_id
            AND chosen.bucket_end > versions.start_ts
            AND chosen.bucket_start < versions.end_ts
    GROUP BY chosen.place
),

flips AS (
    SELECT
        chosen.place,
        max_by(taken.can_serve, taken.flip_number) AS can_serve
    FROM chosen
    INNER JOIN gold.serving_flips AS taken
        ON chosen.advertiser_id = taken.advertiser_id AND chosen.known_until > taken.effective_at
    GROUP BY chosen.place
)

SELECT
    chosen.advertiser_id,
    chosen.advertiser,
    chosen.bucket_start,
    chosen.bucket_end,
    chosen.local_day,
    chosen.gross_spend,
    chosen.credit_amount,
    chosen.valid_spend,
    chosen.overdelivery_amount,
    chosen.net_spend,
    chosen.clicks,
    budgets.budget_value,
    budgets.period,
    budgets.average_budget,
    flips.can_serve,
    chosen.buckets
FROM chosen
LEFT JOIN budgets ON chosen.place = budgets.place
LEFT JOIN flips ON chosen.place = flips.place
ORDER BY chosen.place
