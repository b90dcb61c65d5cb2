-- Whether the server has a database.
SELECT count(*) > 0 AS is_there
FROM pg_database
WHERE datname = :database
