-- Offending rows: in gold.serving_flips but not in the oracle, or the other way round, of one slice of the advertisers.
-- Reads a relation `serving_flips`, once. Parameters: slice_count, slice, table_snapshot, row_limit.
-- include serving_flip_columns
WITH both_sides AS (
    SELECT
        :serving_flip_columns,
        1 AS copies
    FROM lakehouse.gold.serving_flips FOR VERSION AS OF :table_snapshot
    WHERE mod(crc32(to_utf8(advertiser_id)), :slice_count) = :slice
    UNION ALL
    SELECT
        :serving_flip_columns,
        -1 AS copies
    FROM serving_flips
),

differing AS (
    SELECT
        :serving_flip_columns,
        sum(copies) AS too_many
    FROM both_sides
    GROUP BY
        :serving_flip_columns
    HAVING sum(copies) <> 0
)

SELECT
    IF(too_many > 0, 'stored, but not what the records give', 'given by the records, but not stored') AS side,
    :serving_flip_columns
FROM differing
ORDER BY advertiser_id ASC, effective_at ASC, flip_number ASC, side ASC
LIMIT :row_limit
