-- Whether this content of a file was published before: a row or none.
SELECT row_count
FROM adlake.ingested_files
WHERE
    path = :path
    AND sha256 = :sha256
