-- end_of_whole_hours: end of the last hour that is in the range as a whole. Parameter: until; NULL: no bound.
-- A constant for the planner, as time_range is.
date_trunc(
    'hour', coalesce(CAST(:until AS :timestamp_utc), CAST('9999-12-31 00:00:00+00:00' AS :timestamp_utc))
)
