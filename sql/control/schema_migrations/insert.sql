-- A migration that was just applied.
INSERT INTO adlake.schema_migrations (file_name, sha256) VALUES (:file_name, :sha256)
