-- Rows of a table at one snapshot. Parameters: records (the table), snapshot.
SELECT count(*) AS row_count
FROM :records FOR VERSION AS OF :snapshot
