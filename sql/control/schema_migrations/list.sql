-- The applied migrations with the checksum each had.
SELECT
    file_name,
    sha256
FROM adlake.schema_migrations
