-- time_range: the time is at or after :since and before :until; NULL: no bound on that side.
-- argument: moment, a column; a row whose time is NULL is in no range.
-- Bounds that are constants for the planner, whatever was given: so files of other times are skipped.
(
    :moment >= coalesce(CAST(:since AS :timestamp_utc), CAST('1970-01-01 00:00:00+00:00' AS :timestamp_utc))
    AND :moment < coalesce(CAST(:until AS :timestamp_utc), CAST('9999-12-31 00:00:00+00:00' AS :timestamp_utc))
)
