-- The same property of a namespace with another place in it.
UPDATE public.iceberg_namespace_properties
SET property_value = :property_value
WHERE catalog_name = :catalog_name AND namespace = :namespace AND property_key = :property_key
