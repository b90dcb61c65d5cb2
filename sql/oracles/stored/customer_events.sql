-- What gold.customer_events holds: the same relation as customer_events, once it was proven to be that.
-- Grain: one row per event_type, counted_id and user_id.
-- Parameter: customer_events_snapshot.
SELECT
    event_type,
    counted_id,
    user_id,
    event_time,
    amount,
    activation_id,
    campaign_id,
    channel,
    status,
    name,
    email_sha256,
    geo_country,
    is_counted,
    first_ingest_ts
FROM lakehouse.gold.customer_events FOR VERSION AS OF :customer_events_snapshot
