-- Billed clicks with what credits and overdelivery take off: what gold.spend_ledger must hold.
-- Grain: one row per advertiser_id and click_id.
-- Reads relations `account_events`, `known_budgets` and `known_advertisers`, each once: Trino makes a relation anew
-- wherever it is named. Parameter: timestamp_utc.
-- A click's period is of the kind of budget in force at its time, before the first one of that one's kind. The cap is
-- the largest budget of the kind in force at any moment of the period; all clicks of the period count towards it. What
-- is left of clicks under daily budgets counts towards 30.4 x the mean of the day caps up to the click's own day.
WITH budgets AS (
    SELECT
        advertiser_id,
        array_agg(
            CAST(
                ROW(start_ms, coalesce(end_ms, 9223372036854775807), micros, period)
                AS ROW(begin_ms BIGINT, until_ms BIGINT, micros BIGINT, period VARCHAR)
            )
            ORDER BY start_ms
        ) AS spans
    FROM known_budgets
    GROUP BY advertiser_id
),

accounts AS (
    SELECT
        *,
        max_by(advertiser, IF(trim(BOTH ' ' FROM advertiser) <> '', ROW(ts_ms, counted_id)))
            OVER (PARTITION BY advertiser_id) AS newest_name,
        sum(IF(event_type = 'SPEND_CREDIT', CAST(micros AS DECIMAL(38, 0)))) OVER about_click AS given,
        max(ingest_ts) OVER about_click AS last_updated_ts
    FROM account_events
    WHERE event_type <> 'BUDGET_CHANGE'
    WINDOW about_click AS (
        PARTITION BY
            advertiser_id,
            CASE event_type WHEN 'AD_CLICK' THEN counted_id WHEN 'SPEND_CREDIT' THEN click_id END,
            event_type = 'ADVERTISER_STATUS'
    )
),

charges AS (
    SELECT
        clicks.advertiser_id,
        clicks.counted_id AS click_id,
        clicks.ad_id,
        clicks.campaign_id,
        clicks.impression_id,
        clicks.ts_ms,
        clicks.last_updated_ts,
        coalesce(clicks.newest_name, clicks.advertiser_id) AS advertiser,
        CAST(clicks.micros AS DECIMAL(38, 0)) AS amount,
        least(CAST(clicks.micros AS DECIMAL(38, 0)), coalesce(clicks.given, DECIMAL '0')) AS credit,
        coalesce(budgets.spans, CAST(ARRAY[] AS ARRAY(ROW(
            begin_ms BIGINT, until_ms BIGINT, micros BIGINT, period VARCHAR
        )))) AS spans,
        coalesce(zones.time_zone, 'UTC') AS time_zone,
        from_unixtime_nanos(clicks.ts_ms * CAST(1000000 AS DECIMAL(20, 0))) AS moment
    FROM accounts AS clicks
    LEFT JOIN budgets ON clicks.advertiser_id = budgets.advertiser_id
    LEFT JOIN known_advertisers AS zones ON clicks.advertiser_id = zones.advertiser_id AND zones.end_ms IS NULL
    WHERE clicks.event_type = 'AD_CLICK'
),

filed AS (
    SELECT
        *,
        amount - credit AS valid,
        coalesce(
            element_at(filter(spans, span -> span.begin_ms <= ts_ms AND ts_ms < span.until_ms), 1).period,
            element_at(spans, 1).period,
            'DAILY'
        ) AS period,
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
        CASE period
            WHEN 'DAILY' THEN sum(valid) OVER (PARTITION BY advertiser_id, spend_day ORDER BY ts_ms, click_id)
            WHEN 'MONTHLY' THEN sum(valid) OVER (PARTITION BY advertiser_id, spend_month ORDER BY ts_ms, click_id)
            ELSE sum(valid) OVER (PARTITION BY advertiser_id ORDER BY ts_ms, click_id)
        END AS period_sum
    FROM filed
),

-- Caps are looked up once a day, not once a click.
days AS (
    SELECT
        advertiser_id,
        spend_day,
        spend_month,
        arbitrary(spans) AS spans,
        arbitrary(time_zone) AS time_zone,
        array_agg(ROW(
            click_id, advertiser, ad_id, campaign_id, impression_id, ts_ms, moment, amount, credit, valid, period,
            period_sum, hour_ms, last_updated_ts
        )) AS clicks
    FROM added
    GROUP BY advertiser_id, spend_day, spend_month
),

day_caps AS (
    SELECT
        *,
        transform(
            sequence(spend_month, spend_day, INTERVAL '1' DAY),
            a_day -> array_max(transform(
                filter(
                    spans,
                    span -> span.period = 'DAILY'
                    AND span.begin_ms < 1000 * to_unixtime(
                        with_timezone(CAST(date_add('day', 1, a_day) AS TIMESTAMP(3)), time_zone)
                    )
                    AND span.until_ms > 1000 * to_unixtime(with_timezone(CAST(a_day AS TIMESTAMP(3)), time_zone))
                ),
                span -> span.micros
            ))
        ) AS caps,
        array_max(transform(
            filter(
                spans,
                span -> span.period = 'MONTHLY'
                AND span.begin_ms < 1000 * to_unixtime(
                    with_timezone(CAST(date_add('month', 1, spend_month) AS TIMESTAMP(3)), time_zone)
                )
                AND span.until_ms > 1000 * to_unixtime(with_timezone(CAST(spend_month AS TIMESTAMP(3)), time_zone))
            ),
            span -> span.micros
        )) AS month_budget,
        array_max(transform(filter(spans, span -> span.period = 'LIFETIME'), span -> span.micros)) AS whole_budget
    FROM days
),

capped AS (
    SELECT
        *,
        element_at(caps, -1) AS day_budget,
        reduce(
            filter(caps, cap -> cap IS NOT NULL),
            CAST(0 AS DECIMAL(38, 0)),
            (total, cap) -> CAST(total + cap AS DECIMAL(38, 0)),
            total -> total
        ) AS sum_of_caps,
        cardinality(filter(caps, cap -> cap IS NOT NULL)) AS known_days
    FROM day_caps
),

over_period AS (
    SELECT
        capped.advertiser_id,
        capped.spend_day,
        capped.spend_month,
        click.*,
        CASE
            WHEN click.period = 'DAILY' AND capped.known_days > 0
                THEN CAST(round(
                    CAST(304 * capped.sum_of_caps AS DECIMAL(30, 4)) / (10 * capped.known_days)
                ) AS DECIMAL(38, 0))
        END AS month_cap,
        coalesce(least(click.valid, greatest(
            click.period_sum - CASE click.period
                WHEN 'DAILY' THEN capped.day_budget
                WHEN 'MONTHLY' THEN capped.month_budget
                ELSE capped.whole_budget
            END,
            DECIMAL '0'
        )), DECIMAL '0') AS taken
    FROM capped
    CROSS JOIN UNNEST(capped.clicks) AS click (
        click_id, advertiser, ad_id, campaign_id, impression_id, ts_ms, moment, amount, credit, valid, period,
        period_sum, hour_ms, last_updated_ts
    )
),

rests AS (
    SELECT
        *,
        valid - taken AS rest,
        sum(valid - taken) OVER (PARTITION BY advertiser_id, spend_month ORDER BY ts_ms, click_id) AS rest_sum
    FROM over_period
),

owed AS (
    SELECT
        *,
        taken + coalesce(least(rest, greatest(rest_sum - month_cap, DECIMAL '0')), DECIMAL '0') AS overdelivery
    FROM rests
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
