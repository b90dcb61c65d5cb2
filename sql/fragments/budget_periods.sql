-- budget_periods: the time is in a budget period that overlaps :since to :until; NULL: no bound on that side.
-- argument: moment, a column. :budget_type says how long periods are: MONTHLY a month of UTC, LIFETIME without
-- bounds, anything else a day of UTC. A period that is cut by a bound counts whole.
-- Constants for the planner, as in time_range. Times are in milliseconds: the last one before :until is 1 ms earlier.
(
    :moment >= coalesce(
        CASE CAST(:budget_type AS varchar)
            WHEN 'LIFETIME' THEN NULL
            WHEN 'MONTHLY' THEN date_trunc('month', CAST(:since AS :timestamp_utc) AT TIME ZONE 'UTC')
            ELSE date_trunc('day', CAST(:since AS :timestamp_utc) AT TIME ZONE 'UTC')
        END,
        CAST('1970-01-01 00:00:00+00:00' AS :timestamp_utc)
    )
    AND :moment < coalesce(
        CASE CAST(:budget_type AS varchar)
            WHEN 'LIFETIME' THEN NULL
            WHEN 'MONTHLY'
                THEN date_trunc(
                    'month', CAST(:until AS :timestamp_utc) AT TIME ZONE 'UTC' - INTERVAL '0.001' SECOND
                ) + INTERVAL '1' MONTH
            ELSE date_trunc(
                'day', CAST(:until AS :timestamp_utc) AT TIME ZONE 'UTC' - INTERVAL '0.001' SECOND
            ) + INTERVAL '1' DAY
        END,
        CAST('9999-12-31 00:00:00+00:00' AS :timestamp_utc)
    )
)
