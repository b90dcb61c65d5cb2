-- What gold.customer_events holds: the same relation as customer_events, once it was proven to be that.
-- Grain: one row per event_type, counted_id and user_id.
-- Parameter: customer_events_snapshot.
-- include customer_event_columns
SELECT :customer_event_columns
FROM lakehouse.gold.customer_events FOR VERSION AS OF :customer_events_snapshot
