-- The oldest request that is not over.
SELECT
    operation_id,
    kind,
    arguments,
    state,
    coalesce(result, '') AS result
FROM adlake.operations
WHERE state = 'requested'
ORDER BY operation_id
LIMIT 1
