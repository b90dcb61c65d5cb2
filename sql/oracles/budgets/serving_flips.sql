-- When the ads of an advertiser began and ceased to be served, and why: what gold.serving_flips must hold.
-- Grain: one row per flip_id.
-- Reads a relation `serving_turns`, once: Trino makes a relation anew wherever it is named. Parameter: timestamp_utc.
-- Net spend is owed by what was known at the turn. Clicks of a day under one budget are taken together: what they bring
-- above a cap one by one is what their sum does. Earlier months count for budgets of a lifetime alone.
-- include local_midnight_ms: a_date = a_date
-- include counted_budgets
-- include spans_of_budgets
-- include caps_of_days
-- include cap_of_month
-- include turn_columns
-- include json_text: text = part
WITH accounts AS (
    SELECT
        advertiser_id,
        CAST(json_parse(arbitrary(all_budgets)) AS ARRAY(ROW(
            ts_ms BIGINT, is_carried BOOLEAN, micros BIGINT, period VARCHAR, from_number BIGINT, until_number BIGINT
        ))) AS all_budgets,
        CAST(json_parse(arbitrary(all_names)) AS ARRAY(ROW(
            ts_ms BIGINT, counted_id VARCHAR, advertiser VARCHAR, from_number BIGINT, until_number BIGINT
        ))) AS all_names,
        array_agg(CAST(
            ROW(
                change_number, at_ms, time_zone, local_day, decided_by, can_serve, previous_can_serve, valid_spend,
                reserve, budget, period, period_start_ms, cause
            ) AS ROW(
                change_number BIGINT, at_ms BIGINT, time_zone VARCHAR, local_day DATE, decided_by VARCHAR,
                can_serve BOOLEAN, previous_can_serve BOOLEAN, valid_spend DECIMAL(38, 0), reserve DECIMAL(38, 0),
                budget DECIMAL(38, 0), period VARCHAR, period_start_ms BIGINT, cause VARCHAR
            )
        )) FILTER (WHERE is_decision) AS turns,
        array_agg(CAST(
            ROW(time_zone, local_day, at_ms, added, change_number)
            AS ROW(time_zone VARCHAR, spend_day DATE, click_ms BIGINT, added DECIMAL(38, 0), from_number BIGINT)
        )) FILTER (WHERE NOT is_decision) AS amounts
    FROM serving_turns
    GROUP BY advertiser_id
),

turned AS (
    SELECT
        accounts.advertiser_id,
        accounts.all_budgets,
        accounts.all_names,
        accounts.amounts,
        turn.*
    FROM accounts
    CROSS JOIN UNNEST(accounts.turns) AS turn (
        change_number, at_ms, time_zone, local_day, decided_by, can_serve, previous_can_serve, valid_spend, reserve,
        budget, period, period_start_ms, cause
    )
),

known AS (
    SELECT
        *,
        coalesce(
            element_at(
                array_sort(transform(
                    filter(
                        all_names, name -> name.from_number <= change_number AND change_number < name.until_number
                    ),
                    name -> ROW(name.ts_ms, name.counted_id, name.advertiser)
                )),
                -1
            )[3],
            advertiser_id
        ) AS advertiser,
        filter(
            all_budgets, budget -> budget.from_number <= change_number AND change_number < budget.until_number
        ) AS known_budgets,
        element_at(
            transform(ARRAY[date_trunc('month', local_day)], a_date -> :local_midnight_ms), 1
        ) AS month_start_ms
    FROM turned
),

changed AS (
    SELECT
        *,
        element_at(filter(known_budgets, budget -> NOT budget.is_carried), 1).ts_ms AS first_change_ms
    FROM known
),

counted AS (
    SELECT
        *,
        :counted_budgets AS budgets
    FROM changed
),

spanned AS (
    SELECT
        *,
        :spans_of_budgets AS spans,
        any_match(budgets, budget -> budget.period = 'LIFETIME') AS is_for_life
    FROM counted
),

chosen AS (
    SELECT
        *,
        filter(
            amounts,
            amount -> amount.time_zone = time_zone
            AND amount.from_number <= change_number
            AND (is_for_life OR amount.click_ms >= month_start_ms)
        ) AS known_amounts
    FROM spanned
),

clicks AS (
    SELECT
        chosen.*,
        amount.spend_day,
        amount.click_ms,
        amount.added
    FROM chosen
    LEFT JOIN UNNEST(chosen.known_amounts) AS amount (zone, spend_day, click_ms, added, from_number) ON TRUE
),

filed AS (
    SELECT
        *,
        cardinality(filter(spans, span -> span.begin_ms <= click_ms)) AS span_number
    FROM clicks
),

added AS (
    SELECT
        :turn_columns,
        spans,
        spend_day,
        span_number,
        date_trunc('month', spend_day) AS spend_month,
        sum(added) AS valid
    FROM filed
    GROUP BY
        :turn_columns,
        spans,
        spend_day,
        span_number
),

begun AS (
    SELECT
        *,
        coalesce(
            IF(span_number > 0, element_at(spans, span_number).period),
            element_at(filter(spans, span -> span.begin_ms = element_at(spans, 1).begin_ms), -1).period,
            'DAILY'
        ) AS spend_period,
        transform(
            sequence(spend_month, date_add('day', 1, spend_day), INTERVAL '1' DAY), a_date -> :local_midnight_ms
        ) AS midnights,
        transform(
            ARRAY[spend_month, date_add('month', 1, spend_month)], a_date -> :local_midnight_ms
        ) AS month_edges
    FROM added
),

day_caps AS (
    SELECT
        *,
        :caps_of_days AS day_caps
    FROM begun
),

capped AS (
    SELECT
        *,
        IF(spend_period = 'DAILY', :cap_of_month) AS month_cap,
        CASE spend_period
            WHEN 'DAILY' THEN element_at(day_caps, -1)
            ELSE array_max(transform(
                filter(
                    spans,
                    span -> span.period = spend_period
                    AND span.begin_ms < span.until_ms
                    AND (
                        spend_period = 'LIFETIME'
                        OR (span.begin_ms < month_edges[2] AND span.until_ms > month_edges[1])
                    )
                ),
                span -> span.micros
            ))
        END AS cap,
        CASE spend_period
            WHEN 'DAILY' THEN sum(valid) OVER of_day
            WHEN 'MONTHLY' THEN sum(valid) OVER of_month
            ELSE sum(valid) OVER of_turn
        END AS period_sum
    FROM day_caps
    WINDOW
        of_day AS (
            PARTITION BY advertiser_id, change_number, at_ms, spend_day ORDER BY span_number ASC
        ),
        of_month AS (
            PARTITION BY advertiser_id, change_number, at_ms, spend_month ORDER BY spend_day ASC, span_number ASC
        ),
        of_turn AS (
            PARTITION BY advertiser_id, change_number, at_ms ORDER BY spend_day ASC, span_number ASC
        )
),

rests AS (
    SELECT
        *,
        valid - coalesce(least(valid, greatest(period_sum - cap, DECIMAL '0')), DECIMAL '0') AS rest
    FROM capped
),

month_rests AS (
    SELECT
        *,
        sum(rest) OVER (
            PARTITION BY advertiser_id, change_number, at_ms, spend_month
            ORDER BY spend_day ASC, span_number ASC
        ) AS rest_sum
    FROM rests
),

owed AS (
    SELECT
        *,
        rest - coalesce(least(rest, greatest(rest_sum - month_cap, DECIMAL '0')), DECIMAL '0') AS net,
        CASE period
            WHEN 'DAILY' THEN spend_day = local_day
            WHEN 'MONTHLY' THEN spend_month = date_trunc('month', local_day)
            ELSE TRUE
        END AS is_of_period
    FROM month_rests
),

netted AS (
    SELECT
        :turn_columns,
        coalesce(sum(IF(is_of_period, net)), DECIMAL '0') AS net
    FROM owed
    GROUP BY
        :turn_columns
),

-- A second flip by one event in one millisecond has a number behind it.
numbered AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY advertiser_id ORDER BY change_number ASC, at_ms ASC) AS flip_number,
        row_number() OVER (PARTITION BY advertiser_id, at_ms, decided_by ORDER BY change_number ASC) AS again
    FROM netted
),

written AS (
    SELECT
        *,
        transform(
            ARRAY[advertiser_id, decided_by || IF(again > 1, ' ' || CAST(again AS VARCHAR), '')], part -> :json_text
        ) AS parts
    FROM numbered
)

SELECT
    lower(to_hex(sha256(to_utf8(
        '[' || parts[1] || ',' || CAST(at_ms AS VARCHAR) || ',' || parts[2] || ']'
    )))) AS flip_id,
    advertiser_id,
    advertiser,
    CAST(from_unixtime_nanos(at_ms * CAST(1000000 AS DECIMAL(20, 0))) AS :timestamp_utc) AS effective_at,
    can_serve,
    previous_can_serve,
    CAST(net / 1000000.000000 AS DECIMAL(38, 6)) AS net_spend,
    CAST(valid_spend / 1000000.000000 AS DECIMAL(38, 6)) AS valid_spend,
    CAST(reserve / 1000000.000000 AS DECIMAL(18, 6)) AS reserve,
    CAST(budget / 1000000.000000 AS DECIMAL(18, 6)) AS budget_value,
    period,
    CAST(from_unixtime_nanos(period_start_ms * CAST(1000000 AS DECIMAL(20, 0))) AS :timestamp_utc) AS period_start,
    cause,
    flip_number
FROM written
