-- audit.admitted_deliveries: every delivery that admission let through, with the content that counts.
-- grain: one row per (kafka_topic, kafka_partition, kafka_offset)
-- readers: audit.delivery_findings
-- is_key_mismatch: the Kafka key is not the impression id.
-- Header columns come from Bronze (`verify` proves them), the rest from the payload. A text for each
-- engine, because exactness needs the ways of its JSON reader:
-- json_extract_scalar returns the text of a number as it was sent, json_extract writes surrogates as
-- escapes, so a lone one can be told from a question mark.
-- include readable_payload
WITH payloads AS (
    SELECT DISTINCT
        kafka_topic,
        kafka_partition,
        kafka_offset,
        ingest_ts,
        kafka_key,
        impression_id,
        event_id,
        event_type,
        event_timestamp,
        campaign_id,
        user_id,
        :readable_payload AS payload
    FROM lakehouse.bronze.ad_events
    WHERE reject_reason IS NULL
),

members AS (
    SELECT
        *,
        json_extract_scalar(payload, '$.creative_id') AS creative_id,
        json_extract_scalar(payload, '$.geo_country') AS geo_country_text,
        json_extract_scalar(payload, '$.platform') AS platform_text,
        json_format(json_extract(payload, '$.geo_country')) AS geo_country_json,
        json_format(json_extract(payload, '$.platform')) AS platform_json,
        CASE event_type
            WHEN 'IMPRESSION' THEN json_extract_scalar(payload, '$.bid_price')
            WHEN 'CONVERSION' THEN json_extract_scalar(payload, '$.conversion_value')
            ELSE '0'
        END AS money_text
    FROM payloads
),

-- A number is sign, whole, fraction, exponent; admitted amounts are never below zero.
numerals AS (
    SELECT
        *,
        regexp_extract(money_text, '^-?([0-9]+)', 1) AS whole_digits,
        coalesce(regexp_extract(money_text, '\.([0-9]+)', 1), '') AS fraction_digits,
        regexp_extract(money_text, '[eE]([-+]?[0-9]+)$', 1) AS exponent_text
    FROM members
),

significands AS (
    SELECT
        *,
        trim(LEADING '0' FROM whole_digits || fraction_digits) AS significant_digits,
        -- A payload has at most 2^20 bytes: beyond that an exponent gives zero or is not admitted.
        CASE
            WHEN exponent_text IS NULL THEN 0
            ELSE greatest(-9999999, least(9999999, coalesce(
                try_cast(exponent_text AS BIGINT), IF(exponent_text LIKE '-%', -9999999, 9999999)
            )))
        END AS exponent
    FROM numerals
),

-- micro_digits: how many of the significant digits stand before the point, in micros.
scaled_amounts AS (
    SELECT
        *,
        length(whole_digits) + exponent + 6
        - (length(whole_digits || fraction_digits) - length(significant_digits)) AS micro_digits
    FROM significands
)

SELECT
    kafka_topic,
    kafka_partition,
    kafka_offset,
    ingest_ts,
    kafka_key,
    kafka_key IS DISTINCT FROM to_utf8(impression_id) AS is_key_mismatch,
    impression_id,
    event_id,
    event_timestamp AS event_ts,
    CAST(
        CASE event_type WHEN 'IMPRESSION' THEN 0 WHEN 'CLICK' THEN 1 WHEN 'CONVERSION' THEN 2 END
        AS INTEGER
    ) AS type_rank,
    CASE
        WHEN significant_digits = '' OR micro_digits < 0 THEN 0
        WHEN micro_digits = 0 THEN IF(substr(significant_digits, 1, 1) >= '5', 1, 0)
        ELSE
            try_cast(
                rpad(substr(significant_digits, 1, micro_digits), least(micro_digits, 30), '0')
                AS BIGINT
            )
            + IF(substr(significant_digits, micro_digits + 1, 1) >= '5', 1, 0)
    END AS micros,
    campaign_id,
    creative_id,
    user_id,
    -- Only a string counts, and only one without a lone surrogate. A number beyond a double is
    -- written by json_extract as the string "Infinity": its own text tells.
    CASE
        WHEN
            regexp_like(
                geo_country_json,
                '(?i)^"(?:[^"\\]|\\[^u]|\\u(?!D[89A-F])[0-9A-F]{4}|\\uD[89AB]..\\uD[C-F]..)*+"$'
            )
            AND json_extract_scalar(geo_country_json, '$') = geo_country_text
            THEN geo_country_text
    END AS geo_country,
    CASE
        WHEN
            regexp_like(
                platform_json,
                '(?i)^"(?:[^"\\]|\\[^u]|\\u(?!D[89A-F])[0-9A-F]{4}|\\uD[89AB]..\\uD[C-F]..)*+"$'
            )
            AND json_extract_scalar(platform_json, '$') = platform_text
            THEN platform_text
    END AS platform
FROM scaled_amounts
