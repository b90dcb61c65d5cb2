-- How a request ended; the first word counts.
UPDATE adlake.operations
SET state = :state, result = :result, finished_at = clock_timestamp()
WHERE operation_id = :operation_id AND state = 'requested'
