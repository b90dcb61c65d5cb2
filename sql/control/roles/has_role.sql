-- Whether the server has a role.
SELECT count(*) > 0 AS is_there
FROM pg_roles
WHERE rolname = :role
