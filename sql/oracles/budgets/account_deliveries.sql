-- Admitted deliveries about advertisers, read again from their raw payload by Trino alone.
-- Grain: one row per row of lakehouse.bronze.business_events with reject_reason NULL and such a type.
-- Parameter: source_snapshot.
-- A name counts if it is a string without a lone surrogate: json_extract writes surrogates as escapes, so one can be
-- told from a question mark. The text of a number is kept by json_extract_scalar as it was sent; a click's budget that
-- is none, negative or too large is NULL. Money is micros, rounded half up.
-- include readable_payload
WITH payloads AS (
    SELECT
        ingest_ts,
        kafka_partition,
        kafka_offset,
        :readable_payload AS payload
    FROM lakehouse.bronze.business_events FOR VERSION AS OF :source_snapshot
    WHERE
        reject_reason IS NULL
        AND event_type IN ('AD_CLICK', 'SPEND_CREDIT', 'BUDGET_CHANGE', 'ADVERTISER_STATUS')
),

members AS (
    SELECT
        ingest_ts,
        kafka_partition,
        kafka_offset,
        json_extract_scalar(payload, '$.event_type') AS event_type,
        json_extract_scalar(payload, '$.event_id') AS event_id,
        json_extract_scalar(payload, '$.click_id') AS click_id,
        json_extract_scalar(payload, '$.credit_id') AS credit_id,
        json_extract_scalar(payload, '$.ad_id') AS ad_id,
        json_extract_scalar(payload, '$.campaign_id') AS campaign_id,
        json_extract_scalar(payload, '$.impression_id') AS impression_id,
        json_extract_scalar(payload, '$.reason') AS reason,
        json_extract_scalar(payload, '$.period') AS period,
        json_extract_scalar(payload, '$.status') AS status,
        nullif(trim(BOTH ' ' FROM json_extract_scalar(payload, '$.time_zone')), '') AS time_zone,
        try_cast(json_extract_scalar(payload, '$.event_timestamp') AS BIGINT) AS stamped,
        try_cast(json_extract_scalar(payload, '$.flight_start') AS BIGINT) AS flight_start,
        try_cast(json_extract_scalar(payload, '$.flight_end') AS BIGINT) AS flight_end,
        json_extract_scalar(payload, '$.amount') AS amount_text,
        CASE
            WHEN regexp_like(json_format(json_extract(payload, '$.budget_value')), '^-?[0-9]')
                THEN json_extract_scalar(payload, '$.budget_value')
        END AS budget_text,
        json_extract_scalar(payload, '$.advertiser_id') AS said_id,
        json_extract_scalar(payload, '$.advertiser') AS said_name,
        regexp_like(
            json_format(json_extract(payload, '$.advertiser')),
            '(?i)^"(?:[^"\\]|\\[^u]|\\u(?!D[89A-F])[0-9A-F]{4}|\\uD[89AB]..\\uD[C-F]..)*+"$'
        ) AS is_name
    FROM payloads
),

-- A number so small that nothing is left, or a zero with any exponent, is 0.
numbers AS (
    SELECT
        *,
        transform(
            ARRAY[amount_text, budget_text],
            number_text -> CASE
                WHEN regexp_like(number_text, '^-?[0.]+([eE]|$)') THEN 0
                WHEN regexp_like(number_text, '[eE]-0*[0-9]{4,}$') AND NOT number_text LIKE '-%' THEN 0
                WHEN number_text LIKE '-%' OR regexp_like(number_text, '[eE]\+?0*[0-9]{4,}$') THEN NULL
                ELSE try_cast(try_cast(number_text AS DECIMAL(38, 6)) * 1000000 AS BIGINT)
            END
        ) AS micros
    FROM members
)

SELECT
    event_type,
    CASE WHEN trim(BOTH ' ' FROM coalesce(said_id, '')) = '' THEN said_name ELSE said_id END AS advertiser_id,
    CASE event_type WHEN 'AD_CLICK' THEN click_id WHEN 'SPEND_CREDIT' THEN credit_id ELSE event_id END AS counted_id,
    CASE WHEN stamped BETWEEN 0 AND 99999999999 THEN stamped * 1000 ELSE stamped END AS ts_ms,
    CASE
        WHEN event_type IN ('AD_CLICK', 'SPEND_CREDIT') THEN micros[1]
        WHEN event_type = 'BUDGET_CHANGE' THEN micros[2]
        ELSE 0
    END AS micros,
    IF(event_type = 'AD_CLICK' AND micros[2] < 1000000000000000000, micros[2]) AS budget_micros,
    IF(event_type IN ('AD_CLICK', 'ADVERTISER_STATUS') AND is_name, said_name) AS advertiser,
    IF(event_type = 'AD_CLICK', ad_id) AS ad_id,
    IF(event_type = 'AD_CLICK', campaign_id) AS campaign_id,
    IF(event_type = 'AD_CLICK', impression_id) AS impression_id,
    IF(event_type = 'SPEND_CREDIT', click_id) AS click_id,
    IF(event_type = 'SPEND_CREDIT', reason) AS reason,
    IF(event_type = 'BUDGET_CHANGE', period) AS period,
    IF(event_type = 'ADVERTISER_STATUS', status) AS status,
    IF(event_type = 'ADVERTISER_STATUS', time_zone) AS time_zone,
    IF(
        event_type = 'ADVERTISER_STATUS',
        IF(flight_start BETWEEN 0 AND 99999999999, flight_start * 1000, flight_start)
    ) AS flight_start_ms,
    IF(
        event_type = 'ADVERTISER_STATUS',
        IF(flight_end BETWEEN 0 AND 99999999999, flight_end * 1000, flight_end)
    ) AS flight_end_ms,
    ingest_ts,
    kafka_partition,
    kafka_offset
FROM numbers
