-- Whether this content of a file was published before.
SELECT EXISTS (
    SELECT 1
    FROM adlake.ingested_files
    WHERE path = :path AND sha256 = :sha256
)
