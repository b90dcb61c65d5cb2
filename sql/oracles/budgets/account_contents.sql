-- What was said in the events of advertisers, each content with its first delivery.
-- Grain: one row per event and content (time, money, canonical JSON).
-- Reads a relation `account_deliveries`; repeats are harmless.
-- include canonical_json
WITH told AS (
    SELECT
        *,
        ARRAY[
            ROW('ad_id', ad_id),
            ROW('advertiser', advertiser),
            ROW('advertiser_id', IF(event_type <> 'AD_CLICK', advertiser_id)),
            ROW('budget_value', CAST(
                CAST(CAST(budget_micros AS DECIMAL(38, 0)) * 0.000001 AS DECIMAL(18, 6)) AS VARCHAR
            )),
            ROW('campaign_id', campaign_id),
            ROW('click_id', click_id),
            ROW('flight_end', format_datetime(
                from_unixtime_nanos(flight_end_ms * CAST(1000000 AS DECIMAL(20, 0))),
                'yyyy-MM-dd''T''HH:mm:ss.SSS''Z'''
            )),
            ROW('flight_start', format_datetime(
                from_unixtime_nanos(flight_start_ms * CAST(1000000 AS DECIMAL(20, 0))),
                'yyyy-MM-dd''T''HH:mm:ss.SSS''Z'''
            )),
            ROW('impression_id', impression_id),
            ROW('period', period),
            ROW('reason', reason),
            ROW('status', status),
            ROW('time_zone', time_zone)
        ] AS members
    FROM account_deliveries
),

contents AS (
    SELECT
        *,
        :canonical_json AS content
    FROM told
),

ranked_deliveries AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY event_type, IF(event_type = 'AD_CLICK', advertiser_id), counted_id, ts_ms, micros, content
            ORDER BY ingest_ts ASC, kafka_partition ASC, kafka_offset ASC
        ) AS delivery_position
    FROM contents
)

SELECT *
FROM ranked_deliveries
WHERE delivery_position = 1
