-- All that was told of an advertiser, with the changes from which and until which it was known.
-- Grain: one row per advertiser_id.
-- Reads a relation `account_changes`, once.
-- steps: the changes themselves, and what each did to the valid amount of a click (about_click).
-- budgets leaves out a click that repeats the budget of the ones before it in time, if one of those had come earlier
-- and stays: nothing was ever told between the two, so it is in force with it or without it. And it leaves out one that
-- never counts, since a change of a budget before it had come and stays.
WITH tellings AS (
    SELECT
        *,
        is_held AND event_type IN ('AD_CLICK', 'BUDGET_CHANGE') AND budget_micros IS NOT NULL AS tells_budget,
        event_type = 'AD_CLICK' AS is_click
    FROM account_changes
),

turning AS (
    SELECT
        *,
        NOT is_click
        OR coalesce(NOT lag(is_click) OVER in_time, TRUE)
        OR lag(budget_micros) OVER in_time <> budget_micros AS is_other_budget,
        min(IF(NOT is_click AND until_number IS NULL, change_number)) OVER in_time AS first_change_number
    FROM tellings
    WINDOW in_time AS (
        PARTITION BY advertiser_id, tells_budget
        ORDER BY ts_ms ASC, is_click ASC, counted_id ASC, change_number ASC
    )
),

runs AS (
    SELECT
        *,
        count_if(is_other_budget) OVER (
            PARTITION BY advertiser_id, tells_budget
            ORDER BY ts_ms ASC, is_click ASC, counted_id ASC, change_number ASC
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS run
    FROM turning
),

told AS (
    SELECT
        *,
        tells_budget
        AND coalesce(
            min(IF(until_number IS NULL, change_number)) OVER (
                PARTITION BY advertiser_id, tells_budget, run
                ORDER BY ts_ms ASC, is_click ASC, counted_id ASC, change_number ASC
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) > change_number,
            TRUE
        )
        AND NOT coalesce(is_click AND first_change_number < change_number, FALSE) AS may_turn_budget
    FROM runs
),

-- The clicks that a change is about: of a credit the one before and the one now.
about AS (
    SELECT
        *,
        CASE event_type
            WHEN 'AD_CLICK' THEN ARRAY[CAST(ROW(counted_id, 0) AS ROW(click VARCHAR, given DECIMAL(38, 0)))]
            WHEN 'SPEND_CREDIT'
                THEN ARRAY[
                    CAST(ROW(click_before, -micros_before) AS ROW(click VARCHAR, given DECIMAL(38, 0))),
                    CAST(ROW(IF(is_held, click_id), micros) AS ROW(click VARCHAR, given DECIMAL(38, 0)))
                ]
            ELSE ARRAY[]
        END AS about_clicks
    FROM told
),

whole AS (
    SELECT
        *,
        ARRAY[CAST(ROW(NULL, NULL) AS ROW(click VARCHAR, given DECIMAL(38, 0)))]
        || filter(about_clicks, about_click -> about_click.click IS NOT NULL) AS all_parts
    FROM about
),

parts AS (
    SELECT
        whole.*,
        part.about_click,
        part.given
    FROM whole
    CROSS JOIN UNNEST(whole.all_parts) AS part (about_click, given)
),

charges AS (
    SELECT
        *,
        last_value(IF(is_click, ts_ms)) IGNORE NULLS OVER of_click AS click_ms,
        last_value(IF(is_click, CAST(micros AS DECIMAL(38, 0)))) IGNORE NULLS OVER of_click AS amount,
        sum(given) OVER of_click AS given_so_far
    FROM parts
    WINDOW of_click AS (
        PARTITION BY advertiser_id, about_click ORDER BY change_number ASC, given ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
),

amounts AS (
    SELECT
        *,
        IF(about_click IS NOT NULL, amount - least(amount, given_so_far)) AS valid
    FROM charges
),

known AS (
    SELECT
        *,
        lag(click_ms) OVER of_click AS click_ms_before,
        lag(valid) OVER of_click AS valid_before
    FROM amounts
    WINDOW of_click AS (PARTITION BY advertiser_id, about_click ORDER BY change_number ASC, given ASC)
)

SELECT
    advertiser_id,
    array_agg(CAST(
        ROW(
            change_number, ingest_ms, next_ms, event_type, counted_id,
            IF(is_click AND about_click IS NULL, micros - coalesce(micros_before, 0)),
            about_click, click_ms_before, valid_before, click_ms, valid
        ) AS ROW(
            change_number BIGINT, ingest_ms BIGINT, next_ms BIGINT, event_type VARCHAR, counted_id VARCHAR,
            brought DECIMAL(38, 0),
            about_click VARCHAR, click_ms_before BIGINT, valid_before DECIMAL(38, 0), click_ms BIGINT,
            valid DECIMAL(38, 0)
        )
    )) AS steps,
    coalesce(
        array_agg(
            CAST(
                ROW(
                    ts_ms, advertiser, status, time_zone, flight_start_ms, flight_end_ms, change_number,
                    coalesce(until_number, 9223372036854775807)
                ) AS ROW(
                    ts_ms BIGINT, advertiser VARCHAR, status VARCHAR, time_zone VARCHAR, flight_start_ms BIGINT,
                    flight_end_ms BIGINT, from_number BIGINT, until_number BIGINT
                )
            )
            ORDER BY ts_ms ASC, counted_id ASC, change_number ASC
        ) FILTER (WHERE event_type = 'ADVERTISER_STATUS' AND is_held AND about_click IS NULL),
        ARRAY[]
    ) AS states,
    coalesce(
        array_agg(
            CAST(
                ROW(
                    ts_ms, is_click, budget_micros, period, change_number, coalesce(until_number, 9223372036854775807)
                ) AS ROW(
                    ts_ms BIGINT, is_carried BOOLEAN, micros BIGINT, period VARCHAR, from_number BIGINT,
                    until_number BIGINT
                )
            )
            ORDER BY ts_ms ASC, is_click ASC, counted_id ASC, change_number ASC
        ) FILTER (WHERE may_turn_budget AND about_click IS NULL),
        ARRAY[]
    ) AS budgets,
    coalesce(
        array_agg(CAST(
            ROW(ts_ms, counted_id, advertiser, change_number, coalesce(until_number, 9223372036854775807))
            AS ROW(ts_ms BIGINT, counted_id VARCHAR, advertiser VARCHAR, from_number BIGINT, until_number BIGINT)
        )) FILTER (
            WHERE advertiser IS NOT NULL AND is_held AND event_type IN ('AD_CLICK', 'ADVERTISER_STATUS')
            AND about_click IS NULL
        ),
        ARRAY[]
    ) AS names
FROM known
GROUP BY advertiser_id
