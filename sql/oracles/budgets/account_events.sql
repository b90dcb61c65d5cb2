-- Events of advertisers, each once: of several contents the smallest by (time, money, canonical JSON), and of its
-- deliveries the first. Ids of clicks are unique within their advertiser, others everywhere.
-- Grain: one row per event.
-- Reads a relation `account_deliveries`; repeats are harmless.
WITH contents AS (
    SELECT
        *,
        '{' || array_join(
            transform(
                filter(
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
                    ],
                    member -> member[2] IS NOT NULL
                ),
                member -> '"' || member[1] || '":"' || reduce(
                    sequence(0, 31),
                    replace(replace(member[2], chr(92), chr(92) || chr(92)), '"', chr(92) || '"'),
                    (text, code) -> replace(text, chr(code), chr(92) || CASE code
                        WHEN 8 THEN 'b'
                        WHEN 9 THEN 't'
                        WHEN 10 THEN 'n'
                        WHEN 12 THEN 'f'
                        WHEN 13 THEN 'r'
                        ELSE 'u' || lpad(to_base(code, 16), 4, '0')
                    END),
                    text -> text
                ) || '"'
            ),
            ','
        ) || '}' AS content
    FROM account_deliveries
),

ranked_deliveries AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY event_type, IF(event_type = 'AD_CLICK', advertiser_id), counted_id
            ORDER BY ts_ms ASC, micros ASC, content ASC, ingest_ts ASC, kafka_partition ASC, kafka_offset ASC
        ) AS delivery_position
    FROM contents
)

SELECT *
FROM ranked_deliveries
WHERE delivery_position = 1
