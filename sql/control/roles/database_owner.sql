-- The role that owns this database.
SELECT pg_get_userbyid(datdba) AS owner
FROM pg_database
WHERE datname = current_database()
