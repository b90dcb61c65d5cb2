-- Whether a business event of this id has come to the lake, admitted or not.
-- Grain: one row. Parameter: event_id.
SELECT count(*) > 0 AS is_known
FROM bronze.business_events
WHERE event_id = :event_id
