-- Which migrations a control database has.
CREATE SCHEMA IF NOT EXISTS adlake;
CREATE TABLE IF NOT EXISTS adlake.schema_migrations (
    file_name TEXT PRIMARY KEY,
    sha256 TEXT NOT NULL,
    applied_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
)
