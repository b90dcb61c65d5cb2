-- Metadata file of each table and view of the lake.
SELECT
    table_namespace || '.' || table_name AS name,
    metadata_location
FROM public.iceberg_tables
WHERE
    metadata_location IS NOT NULL
    AND catalog_name = :catalog_name
    AND table_namespace = ANY(:namespaces)
ORDER BY 1
