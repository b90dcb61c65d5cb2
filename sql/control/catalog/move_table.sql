-- The same table or view at another place.
UPDATE public.iceberg_tables
SET
    metadata_location = :metadata_location,
    previous_metadata_location = :previous_metadata_location
WHERE catalog_name = :catalog_name AND table_namespace = :table_namespace AND table_name = :table_name
