-- The one function of the oracles that DuckDB does not have, under its Trino name.
-- Argument: whole nanoseconds since 1970-01-01 UTC, any integer or DECIMAL(p, 0) type.
CREATE OR REPLACE MACRO from_unixtime_nanos(epoch_ns) AS
make_timestamptz(CAST(CAST(epoch_ns AS HUGEINT) // 1000 AS BIGINT));
