-- Offending rows: in Gold but not in the oracle, or the other way round (EXCEPT ALL both ways).
-- Reads the relation `compared_rows`; sides of one impression come together. Parameter: row_limit.
SELECT *
FROM compared_rows
WHERE gold_copies <> expected_copies
ORDER BY impression_id ASC NULLS FIRST, gold_copies ASC
LIMIT :row_limit
