-- A file of which the broker has all records; another command may have published it meanwhile.
INSERT INTO adlake.ingested_files (path, sha256, row_count)
VALUES (:path, :sha256, :row_count)
ON CONFLICT DO NOTHING
