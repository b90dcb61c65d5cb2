-- Billed clicks with what credits and overdelivery take off: what gold.spend_ledger must hold.
-- Grain: one row per advertiser_id and click_id.
-- Reads relations `account_events`, `known_budgets` and `known_advertisers`. Parameter: timestamp_utc.
-- A click's period is of the kind of budget in force at its time, before the first one of that one's kind. The cap is
-- the largest budget of the kind in force at any moment of the period; all clicks of the period count towards it. What
-- is left of clicks under daily budgets counts towards 30.4 x the mean of the day caps up to the click's own day.
WITH zones AS (
    SELECT
        advertiser_id,
        time_zone
    FROM known_advertisers
    WHERE end_ms IS NULL
),

names AS (
    SELECT
        advertiser_id,
        max_by(advertiser, ROW(ts_ms, counted_id)) AS advertiser
    FROM account_events
    WHERE trim(BOTH ' ' FROM advertiser) <> ''
    GROUP BY advertiser_id
),

given AS (
    SELECT
        advertiser_id,
        click_id,
        sum(CAST(micros AS DECIMAL(38, 0))) AS micros,
        max(ingest_ts) AS ingest_ts
    FROM account_events
    WHERE event_type = 'SPEND_CREDIT'
    GROUP BY advertiser_id, click_id
),

first_kinds AS (
    SELECT
        advertiser_id,
        min_by(period, start_ms) AS period
    FROM known_budgets
    GROUP BY advertiser_id
),

charges AS (
    SELECT
        clicks.advertiser_id,
        clicks.counted_id AS click_id,
        coalesce(names.advertiser, clicks.advertiser_id) AS advertiser,
        clicks.ad_id,
        clicks.campaign_id,
        clicks.impression_id,
        clicks.ts_ms,
        CAST(clicks.micros AS DECIMAL(38, 0)) AS amount,
        least(CAST(clicks.micros AS DECIMAL(38, 0)), coalesce(given.micros, DECIMAL '0')) AS credit,
        greatest(clicks.ingest_ts, coalesce(given.ingest_ts, clicks.ingest_ts)) AS last_updated_ts,
        coalesce(in_force.period, first_kinds.period, 'DAILY') AS period,
        coalesce(zones.time_zone, 'UTC') AS time_zone,
        from_unixtime_nanos(clicks.ts_ms * CAST(1000000 AS DECIMAL(20, 0))) AS moment
    FROM account_events AS clicks
    LEFT JOIN given ON clicks.advertiser_id = given.advertiser_id AND clicks.counted_id = given.click_id
    LEFT JOIN zones ON clicks.advertiser_id = zones.advertiser_id
    LEFT JOIN names ON clicks.advertiser_id = names.advertiser_id
    LEFT JOIN first_kinds ON clicks.advertiser_id = first_kinds.advertiser_id
    LEFT JOIN known_budgets AS in_force
        ON
            clicks.advertiser_id = in_force.advertiser_id
            AND clicks.ts_ms >= in_force.start_ms
            AND (in_force.end_ms IS NULL OR clicks.ts_ms < in_force.end_ms)
    WHERE clicks.event_type = 'AD_CLICK'
),

filed AS (
    SELECT
        *,
        amount - credit AS valid,
        CAST(at_timezone(moment, time_zone) AS DATE) AS spend_day,
        CAST(date_trunc('month', at_timezone(moment, time_zone)) AS DATE) AS spend_month,
        ts_ms - mod(
            ts_ms + 60000 * (
                60 * timezone_hour(at_timezone(moment, time_zone)) + timezone_minute(at_timezone(moment, time_zone))
            ),
            3600000
        ) AS hour_ms
    FROM charges
),

added AS (
    SELECT
        *,
        sum(valid) OVER (PARTITION BY advertiser_id, spend_day ORDER BY ts_ms, click_id) AS day_sum,
        sum(valid) OVER (PARTITION BY advertiser_id, spend_month ORDER BY ts_ms, click_id) AS month_sum,
        sum(valid) OVER (PARTITION BY advertiser_id ORDER BY ts_ms, click_id) AS whole_sum
    FROM filed
),

-- Days of the calendar from the first of a month with clicks to the last one with any, and the first day after.
days AS (
    SELECT
        months.advertiser_id,
        months.time_zone,
        months.spend_month,
        calendar.spend_day
    FROM (
        SELECT
            advertiser_id,
            time_zone,
            spend_month,
            max(spend_day) AS last_day
        FROM filed
        GROUP BY advertiser_id, time_zone, spend_month
    ) AS months
    CROSS JOIN UNNEST(sequence(months.spend_month, months.last_day, INTERVAL '1' DAY)) AS calendar (spend_day)
),

periods AS (
    SELECT
        advertiser_id,
        'DAILY' AS period,
        spend_day AS period_start,
        to_unixtime(with_timezone(CAST(spend_day AS TIMESTAMP(3)), time_zone)) * 1000 AS start_ms,
        to_unixtime(with_timezone(CAST(spend_day + INTERVAL '1' DAY AS TIMESTAMP(3)), time_zone)) * 1000 AS end_ms
    FROM days
    UNION ALL
    SELECT DISTINCT
        advertiser_id,
        'MONTHLY' AS period,
        spend_month AS period_start,
        to_unixtime(with_timezone(CAST(spend_month AS TIMESTAMP(3)), time_zone)) * 1000 AS start_ms,
        to_unixtime(with_timezone(CAST(spend_month + INTERVAL '1' MONTH AS TIMESTAMP(3)), time_zone)) * 1000 AS end_ms
    FROM days
),

caps AS (
    SELECT
        periods.advertiser_id,
        periods.period,
        periods.period_start,
        max(known_budgets.micros) AS cap
    FROM periods
    INNER JOIN known_budgets
        ON
            periods.advertiser_id = known_budgets.advertiser_id
            AND periods.period = known_budgets.period
            AND periods.end_ms > known_budgets.start_ms
            AND (known_budgets.end_ms IS NULL OR periods.start_ms < known_budgets.end_ms)
    GROUP BY periods.advertiser_id, periods.period, periods.period_start
    UNION ALL
    SELECT
        advertiser_id,
        period,
        CAST(NULL AS DATE) AS period_start,
        max(micros) AS cap
    FROM known_budgets
    WHERE period = 'LIFETIME'
    GROUP BY advertiser_id, period
),

month_caps AS (
    SELECT
        days.advertiser_id,
        days.spend_day,
        CAST(round(
            CAST(304 * sum(CAST(caps.cap AS DECIMAL(20, 0))) AS DECIMAL(30, 4)) / (10 * count(caps.cap))
        ) AS DECIMAL(38, 0)) AS month_cap
    FROM days
    INNER JOIN days AS earlier
        ON
            days.advertiser_id = earlier.advertiser_id
            AND days.spend_month = earlier.spend_month
            AND days.spend_day >= earlier.spend_day
    INNER JOIN caps
        ON
            earlier.advertiser_id = caps.advertiser_id
            AND earlier.spend_day = caps.period_start
            AND caps.period = 'DAILY'
    GROUP BY days.advertiser_id, days.spend_day
),

summed AS (
    SELECT
        filed.*,
        caps.cap,
        CASE filed.period
            WHEN 'DAILY' THEN filed.day_sum
            WHEN 'MONTHLY' THEN filed.month_sum
            ELSE filed.whole_sum
        END AS period_sum
    FROM added AS filed
    LEFT JOIN caps
        ON
            filed.advertiser_id = caps.advertiser_id
            AND filed.period = caps.period
            AND caps.period_start IS NOT DISTINCT FROM CASE filed.period
                WHEN 'DAILY' THEN filed.spend_day
                WHEN 'MONTHLY' THEN filed.spend_month
            END
),

over_period AS (
    SELECT
        *,
        valid - taken AS rest,
        sum(valid - taken) OVER (PARTITION BY advertiser_id, spend_month ORDER BY ts_ms, click_id) AS rest_sum
    FROM (
        SELECT
            *,
            coalesce(least(valid, greatest(period_sum - cap, DECIMAL '0')), DECIMAL '0') AS taken
        FROM summed
    ) AS capped
),

left_over AS (
    SELECT
        over_period.*,
        IF(over_period.period = 'DAILY', month_caps.month_cap) AS month_cap
    FROM over_period
    LEFT JOIN month_caps
        ON over_period.advertiser_id = month_caps.advertiser_id AND over_period.spend_day = month_caps.spend_day
),

owed AS (
    SELECT
        *,
        taken + coalesce(least(rest, greatest(rest_sum - month_cap, DECIMAL '0')), DECIMAL '0') AS overdelivery
    FROM left_over
)

SELECT
    advertiser_id,
    click_id,
    advertiser,
    ad_id,
    campaign_id,
    impression_id,
    CAST(moment AS :timestamp_utc) AS event_time,
    CAST(amount / 1000000.000000 AS DECIMAL(18, 6)) AS amount,
    CAST(credit / 1000000.000000 AS DECIMAL(18, 6)) AS credit_amount,
    CAST(overdelivery / 1000000.000000 AS DECIMAL(18, 6)) AS overdelivery_amount,
    CAST((valid - overdelivery) / 1000000.000000 AS DECIMAL(18, 6)) AS net_amount,
    CAST(from_unixtime_nanos(hour_ms * CAST(1000000 AS DECIMAL(20, 0))) AS :timestamp_utc) AS spend_hour,
    spend_day,
    spend_month,
    last_updated_ts
FROM owed
