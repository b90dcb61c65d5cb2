-- first_whole_hour: begin of the first hour that is in the range as a whole. Parameter: since; NULL: no bound.
-- A constant for the planner, as time_range is.
(
    date_trunc(
        'hour', coalesce(CAST(:since AS :timestamp_utc), CAST('1970-01-01 00:00:00+00:00' AS :timestamp_utc))
    )
    + CASE
        WHEN
            CAST(:since AS :timestamp_utc) > date_trunc('hour', CAST(:since AS :timestamp_utc))
            THEN INTERVAL '1' HOUR
        ELSE INTERVAL '0' HOUR
    END
)
