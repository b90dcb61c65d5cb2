-- Iceberg's own rows of namespaces: each may name a place.
SELECT
    catalog_name,
    namespace,
    property_key,
    property_value
FROM public.iceberg_namespace_properties
WHERE property_value IS NOT NULL
