-- What gold.account_contents holds: the same relation as budgets/account_contents, once it was proven to be that.
-- Grain: one row per event and content (time, money, canonical JSON).
-- Parameter: account_contents_snapshot.
SELECT
    event_type,
    counted_id,
    ts_ms,
    micros,
    content,
    from_unixtime_nanos(ingest_ms * CAST(1000000 AS DECIMAL(20, 0))) AS ingest_ts,
    kafka_partition,
    kafka_offset,
    advertiser_id,
    advertiser,
    ad_id,
    campaign_id,
    impression_id,
    click_id,
    budget_micros,
    period,
    status,
    time_zone,
    flight_start_ms,
    flight_end_ms
FROM lakehouse.gold.account_contents FOR VERSION AS OF :account_contents_snapshot
