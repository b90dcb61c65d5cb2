-- Whether this database has a schema.
SELECT to_regnamespace(:schema) IS NOT NULL AS is_there
