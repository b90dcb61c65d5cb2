-- local_midnight_ms: the first moment of :a_date in `time_zone`, epoch milliseconds.
date_diff(
    'millisecond',
    TIMESTAMP '1970-01-01 00:00:00 UTC',
    with_timezone(CAST(:a_date AS TIMESTAMP(3)), time_zone)
)
