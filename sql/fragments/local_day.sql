-- local_day: the date that the wall clock of `time_zone` shows at :moment_ms, epoch milliseconds.
CAST(at_timezone(from_unixtime_nanos(:moment_ms * CAST(1000000 AS DECIMAL(20, 0))), time_zone) AS DATE)
