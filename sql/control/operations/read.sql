-- One request as it stands.
SELECT
    operation_id,
    kind,
    arguments,
    state,
    coalesce(result, '') AS result
FROM adlake.operations
WHERE operation_id = :operation_id
