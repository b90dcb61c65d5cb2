-- Records that were proven: those of the files of Bronze that went, and those in the files that came.
-- Grain: one row. Parameters: proven_bronze, records_before, bronze_snapshot, records_now (lists of paths),
-- columns (all of Bronze), bronze_part (records that were not there before).
WITH counted AS (
    SELECT
        'before' AS part,
        count(*) AS row_count,
        checksum(ROW(:columns)) AS content
    FROM lakehouse.bronze.ad_events FOR VERSION AS OF :proven_bronze
    WHERE "$path" IN (:records_before)
    UNION ALL
    SELECT
        'now' AS part,
        count(*) AS row_count,
        checksum(ROW(:columns)) AS content
    FROM lakehouse.bronze.ad_events FOR VERSION AS OF :bronze_snapshot
    WHERE
        "$path" IN (:records_now)
        AND NOT (:bronze_part)
)

SELECT
    max(row_count) FILTER (WHERE part = 'before') AS rows_before,
    max(content) FILTER (WHERE part = 'before') AS content_before,
    max(row_count) FILTER (WHERE part = 'now') AS rows_now,
    max(content) FILTER (WHERE part = 'now') AS content_now
FROM counted
