-- When it was asked whether an advertiser may be served, and what held then: at every change, and at every moment after
-- it at which a period, a flight, a budget or a state began or ended by itself.
-- Grain: one row per advertiser_id, change_number and at_ms; and beside these (is_decision FALSE) one for what a change
-- added to the valid amount of a click, or took off, in each zone in which days of the advertiser were ever counted.
-- all_budgets, all_names: what was ever told, in the first row of an advertiser alone, as JSON.
-- Reads a relation `account_stories`, once.
-- What lies more than 64 days behind the last change needs no look at the starts of periods: nothing was spent there.
-- include local_day: moment_ms = moment_ms
-- include local_midnight_ms: a_date = a_date
-- include counted_budgets
-- include spans_of_budgets
-- include caps_of_days
-- include cap_of_month
WITH steps AS (
    SELECT
        story.advertiser_id,
        story.states,
        story.budgets,
        story.names,
        step.*
    FROM account_stories AS story
    CROSS JOIN UNNEST(story.steps) AS step (
        change_number, ingest_ms, next_ms, event_type, counted_id, brought, about_click, click_ms_before, valid_before,
        click_ms, valid
    )
),

known AS (
    SELECT
        advertiser_id,
        change_number,
        ingest_ms,
        next_ms,
        event_type,
        counted_id,
        brought,
        about_click IS NULL AS is_decision,
        IF(about_click IS NULL AND change_number = 1, json_format(CAST(budgets AS JSON))) AS all_budgets,
        IF(about_click IS NULL AND change_number = 1, json_format(CAST(names AS JSON))) AS all_names,
        IF(
            about_click IS NOT NULL,
            transform(
                array_distinct(transform(states, state -> coalesce(state.time_zone, 'UTC')) || 'UTC'),
                zone -> ARRAY[
                    CAST(
                        ROW(zone, click_ms_before, -valid_before)
                        AS ROW(time_zone VARCHAR, at_ms BIGINT, added DECIMAL(38, 0))
                    ),
                    CAST(ROW(zone, click_ms, valid) AS ROW(time_zone VARCHAR, at_ms BIGINT, added DECIMAL(38, 0)))
                ]
            )
        ) AS effects,
        filter(
            states,
            state -> about_click IS NULL AND state.from_number <= change_number AND change_number < state.until_number
        ) AS states,
        filter(
            budgets,
            budget -> about_click IS NULL
            AND budget.from_number <= change_number AND change_number < budget.until_number
        ) AS known_budgets
    FROM steps
),

changed AS (
    SELECT
        *,
        element_at(filter(known_budgets, budget -> NOT budget.is_carried), 1).ts_ms AS first_change_ms
    FROM known
),

-- All days of an advertiser are days of the zone that was told last by the time of its records.
counted AS (
    SELECT
        *,
        coalesce(element_at(filter(states, state -> state.time_zone IS NOT NULL), -1).time_zone, 'UTC') AS time_zone,
        :counted_budgets AS budgets
    FROM changed
),

lasting AS (
    SELECT
        *,
        transform(
            ARRAY[ingest_ms, least(coalesce(next_ms, 9223372036854775807), ingest_ms + BIGINT '64' * 86400000)],
            moment_ms -> :local_day
        ) AS days
    FROM counted
),

waited AS (
    SELECT
        *,
        transform(states, state -> state.ts_ms)
        || transform(states, state -> state.flight_start_ms)
        || transform(states, state -> state.flight_end_ms)
        || transform(budgets, budget -> budget.ts_ms)
        || IF(
            days[2] > days[1],
            transform(
                sequence(date_add('day', 1, days[1]), days[2], INTERVAL '1' DAY),
                a_date -> :local_midnight_ms
            ),
            ARRAY[]
        ) AS moments
    FROM lasting
),

listed AS (
    SELECT
        *,
        coalesce(
            flatten(effects),
            transform(
                ARRAY[ingest_ms] || array_distinct(filter(
                    moments,
                    moment_ms -> moment_ms > ingest_ms AND moment_ms <= coalesce(next_ms, 9223372036854775807)
                )),
                moment_ms -> CAST(
                    ROW(time_zone, moment_ms, NULL) AS ROW(time_zone VARCHAR, at_ms BIGINT, added DECIMAL(38, 0))
                )
            )
        ) AS entries
    FROM waited
),

asked AS (
    SELECT
        listed.advertiser_id,
        listed.change_number,
        listed.ingest_ms,
        listed.event_type,
        listed.counted_id,
        listed.states,
        listed.budgets,
        listed.is_decision,
        IF(entry.at_ms = listed.ingest_ms, listed.all_budgets) AS all_budgets,
        IF(entry.at_ms = listed.ingest_ms, listed.all_names) AS all_names,
        entry.time_zone,
        entry.at_ms,
        entry.added,
        entry.at_ms = listed.ingest_ms AS is_delivered,
        IF(entry.at_ms = listed.ingest_ms, listed.brought) AS brought
    FROM listed
    CROSS JOIN UNNEST(listed.entries) AS entry (time_zone, at_ms, added)
    WHERE IF(listed.is_decision, TRUE, entry.added <> 0)
),

-- What a state does not say goes on as it was; before the first budget a period is as long as that one's.
placed AS (
    SELECT
        *,
        element_at(transform(ARRAY[at_ms], moment_ms -> :local_day), 1) AS local_day,
        element_at(filter(budgets, budget -> budget.ts_ms <= at_ms), -1).micros AS budget,
        element_at(filter(budgets, budget -> budget.ts_ms < at_ms), -1).micros AS budget_before,
        element_at(filter(budgets, budget -> budget.ts_ms < at_ms), -1).period AS period_before,
        coalesce(
            element_at(filter(budgets, budget -> budget.ts_ms <= at_ms), -1).period,
            element_at(filter(budgets, budget -> budget.ts_ms = element_at(budgets, 1).ts_ms), -1).period,
            'DAILY'
        ) AS period,
        transform(
            ARRAY[at_ms, at_ms - 1],
            moment_ms -> CAST(
                ROW(
                    element_at(
                        filter(states, state -> state.ts_ms <= moment_ms AND state.advertiser IS NOT NULL), -1
                    ).advertiser,
                    element_at(filter(states, state -> state.ts_ms <= moment_ms), -1).status,
                    coalesce(
                        element_at(
                            filter(states, state -> state.ts_ms <= moment_ms AND state.time_zone IS NOT NULL), -1
                        ).time_zone,
                        'UTC'
                    ),
                    element_at(
                        filter(states, state -> state.ts_ms <= moment_ms AND state.flight_start_ms IS NOT NULL), -1
                    ).flight_start_ms,
                    element_at(
                        filter(states, state -> state.ts_ms <= moment_ms AND state.flight_end_ms IS NOT NULL), -1
                    ).flight_end_ms
                ) AS ROW(
                    advertiser VARCHAR, status VARCHAR, time_zone VARCHAR, flight_start_ms BIGINT, flight_end_ms BIGINT
                )
            )
        ) AS said
    FROM asked
),

described AS (
    SELECT
        *,
        date_trunc('month', local_day) AS local_month,
        coalesce(said[1].status, 'ACTIVE') = 'ACTIVE' AS is_active,
        coalesce(said[1].flight_start_ms <= at_ms, TRUE) AND coalesce(at_ms < said[1].flight_end_ms, TRUE)
            AS is_in_flight
    FROM placed
),

begun AS (
    SELECT
        *,
        element_at(
            transform(
                ARRAY[CASE period WHEN 'DAILY' THEN local_day WHEN 'MONTHLY' THEN local_month END],
                a_date -> :local_midnight_ms
            ),
            1
        ) AS period_start_ms
    FROM described
),

-- A moment that comes by itself counts if something begins or ends at it. Not as one OR: with that Trino 476
-- gave fewer rows, by what else the query asked for.
moments AS (
    SELECT *
    FROM begun
    WHERE CASE
        WHEN NOT is_decision OR is_delivered THEN TRUE
        WHEN at_ms IN (period_start_ms, said[1].flight_start_ms, said[1].flight_end_ms) THEN TRUE
        WHEN budget IS DISTINCT FROM budget_before THEN TRUE
        WHEN budget IS NOT NULL AND period <> period_before THEN TRUE
        ELSE said[1] IS DISTINCT FROM said[2]
    END
),

-- Caps are looked up once for all moments of a day at which the same budgets were known.
days AS (
    SELECT
        advertiser_id,
        time_zone,
        local_day,
        local_month,
        budgets,
        array_agg(CAST(
            ROW(
                is_decision, change_number, at_ms, is_delivered, event_type, counted_id, added, brought, is_active,
                is_in_flight, budget, period, period_start_ms, all_budgets, all_names
            ) AS ROW(
                is_decision BOOLEAN, change_number BIGINT, at_ms BIGINT, is_delivered BOOLEAN, event_type VARCHAR,
                counted_id VARCHAR, added DECIMAL(38, 0), brought DECIMAL(38, 0), is_active BOOLEAN,
                is_in_flight BOOLEAN, budget DECIMAL(38, 0), period VARCHAR, period_start_ms BIGINT,
                all_budgets VARCHAR, all_names VARCHAR
            )
        )) AS entries
    FROM moments
    GROUP BY advertiser_id, time_zone, local_day, local_month, budgets
),

spanned AS (
    SELECT
        *,
        :spans_of_budgets AS spans,
        transform(
            sequence(local_month, date_add('day', 1, local_day), INTERVAL '1' DAY),
            a_date -> :local_midnight_ms
        ) AS midnights
    FROM days
),

day_caps AS (
    SELECT
        *,
        :caps_of_days AS day_caps
    FROM spanned
),

month_caps AS (
    SELECT
        *,
        :cap_of_month AS month_cap
    FROM day_caps
)

SELECT
    month_caps.advertiser_id,
    month_caps.time_zone,
    month_caps.local_day,
    month_caps.local_month,
    month_caps.month_cap,
    entry.*
FROM month_caps
CROSS JOIN UNNEST(month_caps.entries) AS entry (
    is_decision, change_number, at_ms, is_delivered, event_type, counted_id, added, brought, is_active, is_in_flight,
    budget, period, period_start_ms, all_budgets, all_names
)
