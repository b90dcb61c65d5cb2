-- Admitted deliveries that are about a customer, read again from their raw payload by Trino alone.
-- Grain: one row per row of lakehouse.bronze.business_events with reject_reason NULL and such a type.
-- Parameters: records_snapshot, upper_case, lower_case.
-- Free text counts if it is a string without a lone surrogate: json_extract writes surrogates as escapes, so one
-- can be told from a question mark. A number beyond a double is written as the string "Infinity": its own text tells.
-- Money is micros, rounded half up: json_extract_scalar returns the text of a number as it was sent.
-- include readable_payload
WITH payloads AS (
    SELECT
        ingest_ts,
        :readable_payload AS payload
    FROM lakehouse.bronze.business_events FOR VERSION AS OF :records_snapshot
    WHERE reject_reason IS NULL
),

members AS (
    SELECT
        ingest_ts,
        json_extract_scalar(payload, '$.event_type') AS event_type,
        json_extract_scalar(payload, '$.event_id') AS event_id,
        try_cast(json_extract_scalar(payload, '$.event_timestamp') AS BIGINT) AS stamped,
        json_extract_scalar(payload, '$.user_id') AS user_id,
        json_extract_scalar(payload, '$.order_id') AS order_id,
        json_extract_scalar(payload, '$.amount') AS amount_text,
        json_extract_scalar(payload, '$.activation_id') AS activation_id,
        json_extract_scalar(payload, '$.campaign_id') AS campaign_id,
        json_extract_scalar(payload, '$.channel') AS channel,
        json_extract_scalar(payload, '$.status') AS status,
        transform(
            ARRAY[
                ROW(json_extract_scalar(payload, '$.name'), json_format(json_extract(payload, '$.name'))),
                ROW(json_extract_scalar(payload, '$.email'), json_format(json_extract(payload, '$.email'))),
                ROW(
                    json_extract_scalar(payload, '$.geo_country'),
                    json_format(json_extract(payload, '$.geo_country'))
                )
            ],
            part -> CASE
                WHEN
                    regexp_like(
                        part[2],
                        '(?i)^"(?:[^"\\]|\\[^u]|\\u(?!D[89A-F])[0-9A-F]{4}|\\uD[89AB]..\\uD[C-F]..)*+"$'
                    )
                    AND json_extract_scalar(part[2], '$') = part[1]
                    THEN part[1]
            END
        ) AS free_texts
    FROM payloads
    WHERE json_extract_scalar(payload, '$.event_type') IN ('CUSTOMER_PROFILE', 'ORDER', 'MESSAGE_STATUS')
),

-- A number is sign, whole, fraction, exponent; admitted amounts are never below zero.
numerals AS (
    SELECT
        *,
        length(regexp_extract(amount_text, '^-?([0-9]+)', 1)) AS whole_length,
        regexp_replace(regexp_replace(amount_text, '[eE].*$', ''), '[^0-9]', '') AS all_digits,
        regexp_extract(amount_text, '[eE]([-+]?[0-9]+)$', 1) AS exponent_text
    FROM members
),

-- micro_digits: how many of the significant digits stand before the point, in micros. A payload has at most 2^20
-- bytes: beyond that an exponent gives zero or is not admitted.
scaled_amounts AS (
    SELECT
        *,
        trim(LEADING '0' FROM all_digits) AS significant_digits,
        whole_length + 6 - (length(all_digits) - length(trim(LEADING '0' FROM all_digits)))
        + greatest(-9999999, least(9999999, CASE
            WHEN exponent_text IS NULL THEN 0
            ELSE coalesce(try_cast(exponent_text AS BIGINT), IF(exponent_text LIKE '-%', -9999999, 9999999))
        END)) AS micro_digits
    FROM numerals
)

SELECT
    event_type,
    IF(event_type = 'ORDER', order_id, event_id) AS counted_id,
    user_id,
    CASE WHEN stamped BETWEEN 0 AND 99999999999 THEN stamped * 1000 ELSE stamped END AS ts_ms,
    CASE
        WHEN event_type <> 'ORDER' THEN NULL
        WHEN significant_digits = '' OR micro_digits < 0 THEN 0
        ELSE
            coalesce(try_cast(
                rpad(substr(significant_digits, 1, micro_digits), micro_digits, '0') AS BIGINT
            ), 0)
            + IF(substr(significant_digits, micro_digits + 1, 1) >= '5', 1, 0)
    END AS micros,
    IF(event_type = 'MESSAGE_STATUS', activation_id) AS activation_id,
    IF(event_type = 'MESSAGE_STATUS', campaign_id) AS campaign_id,
    IF(event_type = 'MESSAGE_STATUS', channel) AS channel,
    IF(event_type = 'MESSAGE_STATUS', status) AS status,
    IF(event_type = 'CUSTOMER_PROFILE', free_texts[1]) AS name,
    IF(event_type = 'CUSTOMER_PROFILE', lower(to_hex(sha256(to_utf8(
        nullif(translate(trim(BOTH ' ' FROM free_texts[2]), :upper_case, :lower_case), '')
    ))))) AS email_sha256,
    IF(event_type = 'CUSTOMER_PROFILE', free_texts[3]) AS geo_country,
    ingest_ts
FROM scaled_amounts
