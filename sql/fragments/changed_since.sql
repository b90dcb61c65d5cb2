-- changed_since: the row may hold an event of :since or later; NULL: every row may.
-- A row is as new as the newest arrival among its events, and an event is stamped at most minutes ahead of its
-- arrival: a day leaves room. For the planner, which skips the files of older rows.
last_updated_ts >= coalesce(
    CAST(:since AS :timestamp_utc) - INTERVAL '1' DAY, CAST('1970-01-01 00:00:00+00:00' AS :timestamp_utc)
)
