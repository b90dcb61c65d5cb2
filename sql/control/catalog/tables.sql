-- Iceberg's own rows of tables and views, with the metadata file of each and the one before.
SELECT
    catalog_name,
    table_namespace,
    table_name,
    metadata_location,
    previous_metadata_location
FROM public.iceberg_tables
