-- audit.admitted_business_events: every business event that admission let through, with the content that
-- counts.
-- grain: one row per (kafka_topic, kafka_partition, kafka_offset)
-- readers: gold.business_events_audit, gold.raw_events
-- counted_id, within counted_within, is what its type counts once per. micros is its type's money, 0 without
-- any; content are its other fields as canonical JSON (business/audit.py is the reference form).
-- Header columns come from Bronze, the rest from the payload. A text for each engine, because exactness needs
-- the ways of its JSON reader:
-- json_extract_scalar returns the text of a number as it was sent, json_extract writes surrogates as
-- escapes, so a lone one can be told from a question mark.
-- Parameters: upper_case, lower_case (contracts/letters.py).
-- include readable_payload
-- include canonical_json
WITH payloads AS (
    SELECT DISTINCT
        kafka_topic,
        kafka_partition,
        kafka_offset,
        ingest_ts,
        event_type,
        event_id,
        event_timestamp,
        user_id,
        advertiser_id,
        campaign_id,
        reject_detail,
        :readable_payload AS payload
    FROM lakehouse.bronze.business_events
    WHERE reject_reason IS NULL
),

-- A field that a type does not have is an extra and not read.
members AS (
    SELECT
        *,
        event_type IN ('SIGNUP', 'ACTIVATION', 'SHARE', 'COMPLETION') AS has_free_texts,
        CASE WHEN event_type IN ('SIGNUP', 'AD_CLICK') THEN json_extract_scalar(payload, '$.impression_id') END
            AS impression_id,
        CASE WHEN event_type = 'ORDER' THEN json_extract_scalar(payload, '$.order_id') END AS order_id,
        CASE WHEN event_type IN ('AD_CLICK', 'SPEND_CREDIT') THEN json_extract_scalar(payload, '$.click_id') END
            AS click_id,
        CASE WHEN event_type = 'AD_CLICK' THEN json_extract_scalar(payload, '$.ad_id') END AS ad_id,
        CASE WHEN event_type = 'SPEND_CREDIT' THEN json_extract_scalar(payload, '$.credit_id') END AS credit_id,
        CASE WHEN event_type = 'SPEND_CREDIT' THEN json_extract_scalar(payload, '$.reason') END AS reason,
        CASE WHEN event_type = 'BUDGET_CHANGE' THEN json_extract_scalar(payload, '$.period') END AS period,
        CASE
            WHEN event_type IN ('MESSAGE_STATUS', 'ADVERTISER_STATUS')
                THEN json_extract_scalar(payload, '$.status')
        END AS status,
        CASE WHEN event_type = 'MESSAGE_STATUS' THEN json_extract_scalar(payload, '$.activation_id') END
            AS activation_id,
        CASE WHEN event_type = 'MESSAGE_STATUS' THEN json_extract_scalar(payload, '$.channel') END
            AS message_channel,
        CASE
            WHEN event_type = 'ADVERTISER_STATUS'
                THEN nullif(trim(BOTH ' ' FROM json_extract_scalar(payload, '$.time_zone')), '')
        END AS time_zone,
        CASE
            WHEN event_type = 'ADVERTISER_STATUS'
                THEN ARRAY[
                    try_cast(json_extract_scalar(payload, '$.flight_start') AS BIGINT),
                    try_cast(json_extract_scalar(payload, '$.flight_end') AS BIGINT)
                ]
        END AS flight,
        -- The text of a number, amount and budget; a budget that is none is read as not given.
        ARRAY[
            CASE
                WHEN event_type IN ('ORDER', 'AD_CLICK', 'SPEND_CREDIT')
                    THEN json_extract_scalar(payload, '$.amount')
            END,
            CASE
                WHEN
                    event_type IN ('AD_CLICK', 'BUDGET_CHANGE')
                    AND json_format(json_extract(payload, '$.budget_value')) NOT LIKE '"%'
                    THEN json_extract_scalar(payload, '$.budget_value')
            END
        ] AS money_texts,
        -- Only a string counts, and only one without a lone surrogate. A number beyond a double is written
        -- by json_extract as the string "Infinity": its own text tells.
        transform(
            ARRAY[
                ROW(json_extract_scalar(payload, '$.channel'), json_format(json_extract(payload, '$.channel'))),
                ROW(json_extract_scalar(payload, '$.region'), json_format(json_extract(payload, '$.region'))),
                ROW(
                    json_extract_scalar(payload, '$.advertiser'),
                    json_format(json_extract(payload, '$.advertiser'))
                ),
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
        ) AS held_texts
    FROM payloads
),

-- A number is sign, whole, fraction, exponent.
numerals AS (
    SELECT
        *,
        transform(
            money_texts,
            money_text -> ROW(
                regexp_extract(money_text, '^-?([0-9]+)', 1),
                coalesce(regexp_extract(money_text, '\.([0-9]+)', 1), ''),
                regexp_extract(money_text, '[eE]([-+]?[0-9]+)$', 1),
                money_text LIKE '-%'
            )
        ) AS numeral_parts
    FROM members
),

-- Length of the whole part, all digits, those from the first that is not zero, exponent, sign. A payload
-- has at most 2^20 bytes: beyond that an exponent gives zero or is out of range.
significands AS (
    SELECT
        *,
        transform(
            numeral_parts,
            part -> ROW(
                length(part[1]),
                part[1] || part[2],
                trim(LEADING '0' FROM part[1] || part[2]),
                CASE
                    WHEN part[3] IS NULL THEN 0
                    ELSE greatest(-9999999, least(9999999, coalesce(
                        try_cast(part[3] AS BIGINT), IF(part[3] LIKE '-%', -9999999, 9999999)
                    )))
                END,
                part[4]
            )
        ) AS significand_parts
    FROM numerals
),

-- How many of the significant digits stand before the point, in micros; what is below zero is no money.
scaled_amounts AS (
    SELECT
        *,
        transform(
            significand_parts,
            part -> ROW(
                IF(part[5] AND part[3] <> '', NULL, part[3]),
                part[1] + part[4] + 6 - (length(part[2]) - length(part[3]))
            )
        ) AS scaled_parts
    FROM significands
),

amounts AS (
    SELECT
        *,
        transform(
            scaled_parts,
            part -> CASE
                WHEN part[1] IS NULL THEN NULL
                WHEN part[1] = '' OR part[2] < 0 THEN 0
                WHEN part[2] = 0 THEN IF(substr(part[1], 1, 1) >= '5', 1, 0)
                WHEN part[2] <= 18
                    THEN
                        try_cast(rpad(substr(part[1], 1, part[2]), part[2], '0') AS BIGINT)
                        + IF(substr(part[1], part[2] + 1, 1) >= '5', 1, 0)
            END
        ) AS micros
    FROM scaled_amounts
),

-- Free text is trimmed and in small letters.
contents AS (
    SELECT
        *,
        CASE
            WHEN has_free_texts
                THEN coalesce(
                    nullif(translate(trim(BOTH ' ' FROM held_texts[1]), :upper_case, :lower_case), ''), 'unknown'
                )
            ELSE message_channel
        END AS channel,
        CASE
            WHEN has_free_texts
                THEN coalesce(
                    nullif(translate(trim(BOTH ' ' FROM held_texts[2]), :upper_case, :lower_case), ''), 'unknown'
                )
        END AS region,
        CASE WHEN event_type IN ('AD_CLICK', 'ADVERTISER_STATUS') THEN held_texts[3] END AS advertiser,
        CASE WHEN event_type = 'CUSTOMER_PROFILE' THEN held_texts[4] END AS name,
        CASE
            WHEN event_type = 'CUSTOMER_PROFILE'
                THEN
                    lower(to_hex(sha256(to_utf8(
                        nullif(translate(trim(BOTH ' ' FROM held_texts[5]), :upper_case, :lower_case), '')
                    ))))
        END AS email,
        CASE WHEN event_type = 'CUSTOMER_PROFILE' THEN held_texts[6] END AS geo_country,
        CASE WHEN event_type = 'AD_CLICK' AND micros[2] < 1000000000000000000 THEN micros[2] END AS budget_micros,
        -- Day and time of the day apart: date_add takes no more milliseconds than fit an INTEGER.
        transform(
            transform(flight, moment -> IF(moment BETWEEN 0 AND 99999999999, moment * 1000, moment)),
            moment -> format_datetime(
                date_add(
                    'millisecond',
                    moment % 86400000,
                    date_add('day', moment / 86400000, TIMESTAMP '1970-01-01 00:00:00.000 UTC')
                ),
                'yyyy-MM-dd''T''HH:mm:ss.SSS''Z'''
            )
        ) AS flight_texts
    FROM amounts
),

told AS (
    SELECT
        *,
        ARRAY[
            ROW('activation_id', activation_id),
            ROW('ad_id', ad_id),
            ROW('advertiser', advertiser),
            ROW('advertiser_id', IF(event_type <> 'AD_CLICK', advertiser_id)),
            ROW('budget_value', CAST(
                CAST(CAST(budget_micros AS DECIMAL(38, 0)) * 0.000001 AS DECIMAL(18, 6)) AS VARCHAR
            )),
            ROW('campaign_id', campaign_id),
            ROW('channel', channel),
            ROW('click_id', IF(event_type = 'SPEND_CREDIT', click_id)),
            ROW('email', email),
            ROW('flight_end', flight_texts[2]),
            ROW('flight_start', flight_texts[1]),
            ROW('geo_country', geo_country),
            ROW('impression_id', impression_id),
            ROW('name', name),
            ROW('period', period),
            ROW('reason', reason),
            ROW('region', region),
            ROW('status', status),
            ROW('time_zone', time_zone),
            ROW('user_id', user_id)
        ] AS members
    FROM contents
)

SELECT
    kafka_topic,
    kafka_partition,
    kafka_offset,
    ingest_ts,
    event_type,
    event_id,
    event_timestamp AS event_ts,
    user_id,
    advertiser_id,
    campaign_id,
    channel,
    region,
    reject_detail,
    CASE event_type
        WHEN 'ORDER' THEN order_id
        WHEN 'AD_CLICK' THEN click_id
        WHEN 'SPEND_CREDIT' THEN credit_id
        ELSE event_id
    END AS counted_id,
    CASE WHEN event_type = 'AD_CLICK' THEN advertiser_id END AS counted_within,
    CAST(
        CASE
            WHEN event_type IN ('ORDER', 'AD_CLICK', 'SPEND_CREDIT') THEN micros[1]
            WHEN event_type = 'BUDGET_CHANGE' THEN micros[2]
            ELSE 0
        END AS BIGINT
    ) AS micros,
    :canonical_json AS content
FROM told
