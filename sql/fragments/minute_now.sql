-- minute_now: the minute of :as_of (NULL: of now), counted from 1970. A constant for the planner.
date_diff(
    'minute',
    TIMESTAMP '1970-01-01 00:00:00 UTC',
    coalesce(CAST(:as_of AS :timestamp_utc), current_timestamp)
)
