-- Whether the catalog database has a table.
SELECT to_regclass(:table_name) IS NOT NULL AS is_there
