-- A new request, unless one of its kind is open or was over within so many seconds by the clock of the database.
INSERT INTO adlake.operations (kind, arguments, requested_by)
SELECT
    :kind,
    CAST('{}' AS JSONB) AS arguments,
    :requested_by
WHERE
    NOT EXISTS (
        SELECT 1
        FROM adlake.operations
        WHERE
            kind = :kind
            AND (state = 'requested' OR finished_at > clock_timestamp() - :every_seconds * INTERVAL '1 second')
    )
RETURNING operation_id
