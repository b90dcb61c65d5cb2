-- A new request.
INSERT INTO adlake.operations (kind, arguments, requested_by)
VALUES (:kind, :arguments, :requested_by)
RETURNING operation_id
