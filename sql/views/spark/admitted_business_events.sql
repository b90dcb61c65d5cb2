-- audit.admitted_business_events: every business event that admission let through, with the content that
-- counts.
-- grain: one row per (kafka_topic, kafka_partition, kafka_offset)
-- readers: gold.business_events_audit, gold.raw_events
-- counted_id, within counted_within, is what its type counts once per. micros is its type's money, 0 without
-- any; content are its other fields as canonical JSON (business/audit.py is the reference form).
-- Header columns come from Bronze, the rest from the payload. A text for each engine, because exactness needs
-- the ways of its JSON reader:
-- Spark's own JSON strings turn numbers into doubles and lone surrogates into question marks, so the
-- text is rewritten first, from quote to quote: S before a string, L for one with a lone surrogate,
-- numbers as strings after N, names that are none of ours emptied.
-- Parameters: upper_case, lower_case (contracts/letters.py).
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
        raw_payload
    FROM lakehouse.bronze.business_events
    WHERE reject_reason IS NULL
),

pieces_of_payloads AS (
    SELECT
        *,
        split(
            replace(replace(raw_payload, '\\\\', '\\u005c'), '\\"', '\\u0022'), '"', -1
        ) AS pieces
    FROM payloads
),

spelled_payloads AS (
    SELECT
        *,
        array_join(
            transform(
                pieces,
                (piece, i) -> CASE
                    WHEN i % 2 = 0
                        THEN regexp_replace(piece, '(-?[0-9][0-9.eE+-]*+)', '"N$1"')
                    WHEN coalesce(get(pieces, i + 1) RLIKE '^[ \\t\\n\\r]*:', FALSE)
                        THEN CASE
                            WHEN piece IN (
                                'impression_id', 'order_id', 'activation_id', 'click_id', 'ad_id', 'credit_id',
                                'advertiser', 'name', 'email', 'geo_country', 'channel', 'region', 'status',
                                'period', 'reason', 'time_zone', 'flight_start', 'flight_end', 'amount',
                                'budget_value'
                            ) THEN piece
                            -- A name of ours may be spelled in escapes, six characters each.
                            WHEN contains(piece, '\\') AND length(piece) <= 96 THEN piece
                            ELSE ''
                        END
                    WHEN contains(piece, '\\u') AND regexp_replace(
                        piece,
                        '\\\\u[dD][89abAB][0-9a-fA-F]{2}\\\\u[dD][c-fC-F][0-9a-fA-F]{2}',
                        ''
                    ) RLIKE '\\\\u[dD][89a-fA-F]' THEN 'L'
                    ELSE concat('S', piece)
                END
            ),
            '"'
        ) AS spelled_payload
    FROM pieces_of_payloads
),

parsed_payloads AS (
    SELECT
        *,
        from_json(
            spelled_payload,
            'impression_id STRING, order_id STRING, activation_id STRING, click_id STRING, ad_id STRING, credit_id STRING, advertiser STRING, name STRING, email STRING, geo_country STRING, channel STRING, region STRING, status STRING, period STRING, reason STRING, time_zone STRING, flight_start STRING, flight_end STRING, amount STRING, budget_value STRING', -- noqa: LT05
            map('allowSingleQuotes', 'false', 'maxNestingDepth', '1002')
        ) AS member
    FROM spelled_payloads
),

-- A field that a type does not have is an extra and not read.
members AS (
    SELECT
        *,
        event_type IN ('SIGNUP', 'ACTIVATION', 'SHARE', 'COMPLETION') AS has_free_texts,
        CASE WHEN event_type IN ('SIGNUP', 'AD_CLICK') THEN substring(member.impression_id, 2) END AS impression_id,
        CASE WHEN event_type = 'ORDER' THEN substring(member.order_id, 2) END AS order_id,
        CASE WHEN event_type IN ('AD_CLICK', 'SPEND_CREDIT') THEN substring(member.click_id, 2) END AS click_id,
        CASE WHEN event_type = 'AD_CLICK' THEN substring(member.ad_id, 2) END AS ad_id,
        CASE WHEN event_type = 'SPEND_CREDIT' THEN substring(member.credit_id, 2) END AS credit_id,
        CASE WHEN event_type = 'SPEND_CREDIT' THEN substring(member.reason, 2) END AS reason,
        CASE WHEN event_type = 'BUDGET_CHANGE' THEN substring(member.period, 2) END AS period,
        CASE WHEN event_type IN ('MESSAGE_STATUS', 'ADVERTISER_STATUS') THEN substring(member.status, 2) END
            AS status,
        CASE WHEN event_type = 'MESSAGE_STATUS' THEN substring(member.activation_id, 2) END AS activation_id,
        CASE WHEN event_type = 'MESSAGE_STATUS' THEN substring(member.channel, 2) END AS message_channel,
        CASE WHEN event_type = 'ADVERTISER_STATUS' THEN nullif(trim(substring(member.time_zone, 2)), '') END
            AS time_zone,
        CASE
            WHEN event_type = 'ADVERTISER_STATUS'
                THEN array(
                    try_cast(substring(member.flight_start, 2) AS BIGINT),
                    try_cast(substring(member.flight_end, 2) AS BIGINT)
                )
        END AS flight,
        -- The text of a number, amount and budget; a budget that is none is read as not given.
        array(
            CASE
                WHEN event_type IN ('ORDER', 'AD_CLICK', 'SPEND_CREDIT') AND startswith(member.amount, 'N')
                    THEN substring(member.amount, 2)
            END,
            CASE
                WHEN event_type IN ('AD_CLICK', 'BUDGET_CHANGE') AND startswith(member.budget_value, 'N')
                    THEN substring(member.budget_value, 2)
            END
        ) AS money_texts
    FROM parsed_payloads
),

-- A number is sign, whole, fraction, exponent.
numerals AS (
    SELECT
        *,
        transform(
            money_texts,
            money_text -> STRUCT(
                regexp_extract(money_text, '^-?([0-9]+)', 1) AS whole_digits,
                regexp_extract(money_text, '[.]([0-9]+)', 1) AS fraction_digits,
                regexp_extract(money_text, '[eE][+]?(-?[0-9]+)$', 1) AS exponent_text,
                startswith(money_text, '-') AS is_negative
            )
        ) AS numeral_parts
    FROM members
),

-- A payload has at most 2^20 bytes: beyond that an exponent gives zero or is out of range.
significands AS (
    SELECT
        *,
        transform(
            numeral_parts,
            part -> STRUCT(
                length(part.whole_digits) AS whole_length,
                length(concat(part.whole_digits, part.fraction_digits)) AS all_length,
                trim(LEADING '0' FROM concat(part.whole_digits, part.fraction_digits)) AS significant_digits,
                CASE
                    WHEN part.exponent_text = '' THEN 0
                    ELSE greatest(-9999999, least(9999999, coalesce(
                        try_cast(part.exponent_text AS BIGINT), IF(part.exponent_text LIKE '-%', -9999999, 9999999)
                    )))
                END AS exponent,
                part.is_negative AS is_negative
            )
        ) AS significand_parts
    FROM numerals
),

-- micro_digits: how many of the significant digits stand before the point, in micros; what is below zero is
-- no money.
scaled_amounts AS (
    SELECT
        *,
        transform(
            significand_parts,
            part -> STRUCT(
                IF(part.is_negative AND part.significant_digits <> '', NULL, part.significant_digits)
                    AS significant_digits,
                CAST(
                    part.whole_length + part.exponent + 6
                    - (part.all_length - length(part.significant_digits)) AS INT
                ) AS micro_digits
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
                WHEN part.significant_digits IS NULL THEN NULL
                WHEN part.significant_digits = '' OR part.micro_digits < 0 THEN 0
                WHEN part.micro_digits = 0 THEN IF(substring(part.significant_digits, 1, 1) >= '5', 1, 0)
                WHEN part.micro_digits <= 18
                    THEN
                        try_cast(
                            rpad(substring(part.significant_digits, 1, part.micro_digits), part.micro_digits, '0')
                            AS BIGINT
                        )
                        + IF(substring(part.significant_digits, part.micro_digits + 1, 1) >= '5', 1, 0)
            END
        ) AS micros
    FROM scaled_amounts
),

-- Free text is trimmed and in small letters. A list counts from 0 here.
contents AS (
    SELECT
        *,
        CASE
            WHEN has_free_texts AND startswith(member.channel, 'S')
                THEN coalesce(
                    nullif(translate(trim(substring(member.channel, 2)), :upper_case, :lower_case), ''), 'unknown'
                )
            WHEN has_free_texts THEN 'unknown'
            ELSE message_channel
        END AS channel,
        CASE
            WHEN has_free_texts AND startswith(member.region, 'S')
                THEN coalesce(
                    nullif(translate(trim(substring(member.region, 2)), :upper_case, :lower_case), ''), 'unknown'
                )
            WHEN has_free_texts THEN 'unknown'
        END AS region,
        CASE
            WHEN event_type IN ('AD_CLICK', 'ADVERTISER_STATUS') AND startswith(member.advertiser, 'S')
                THEN substring(member.advertiser, 2)
        END AS advertiser,
        CASE
            WHEN event_type = 'CUSTOMER_PROFILE' AND startswith(member.name, 'S') THEN substring(member.name, 2)
        END AS name,
        CASE
            WHEN event_type = 'CUSTOMER_PROFILE' AND startswith(member.email, 'S')
                THEN sha2(nullif(translate(trim(substring(member.email, 2)), :upper_case, :lower_case), ''), 256)
        END AS email,
        CASE
            WHEN event_type = 'CUSTOMER_PROFILE' AND startswith(member.geo_country, 'S')
                THEN substring(member.geo_country, 2)
        END AS geo_country,
        CASE WHEN event_type = 'AD_CLICK' AND micros[1] < 1000000000000000000 THEN micros[1] END AS budget_micros,
        transform(
            transform(flight, moment -> IF(moment BETWEEN 0 AND 99999999999, moment * 1000, moment)),
            moment -> concat(
                CAST(date_add(DATE '1970-01-01', CAST(moment DIV 86400000 AS INT)) AS STRING), 'T',
                lpad(CAST(moment DIV 3600000 % 24 AS STRING), 2, '0'), ':',
                lpad(CAST(moment DIV 60000 % 60 AS STRING), 2, '0'), ':',
                lpad(CAST(moment DIV 1000 % 60 AS STRING), 2, '0'), '.',
                lpad(CAST(moment % 1000 AS STRING), 3, '0'), 'Z'
            )
        ) AS flight_texts
    FROM amounts
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
            WHEN event_type IN ('ORDER', 'AD_CLICK', 'SPEND_CREDIT') THEN micros[0]
            WHEN event_type = 'BUDGET_CHANGE' THEN micros[1]
            ELSE 0
        END AS BIGINT
    ) AS micros,
    concat('{', array_join(
        transform(
            filter(
                array(
                    STRUCT('activation_id' AS name, activation_id AS value),
                    STRUCT('ad_id' AS name, ad_id AS value),
                    STRUCT('advertiser' AS name, advertiser AS value),
                    STRUCT('advertiser_id' AS name, IF(event_type <> 'AD_CLICK', advertiser_id, NULL) AS value),
                    STRUCT('budget_value' AS name, CAST(
                        CAST(CAST(budget_micros AS DECIMAL(38, 0)) * 0.000001 AS DECIMAL(18, 6)) AS STRING
                    ) AS value),
                    STRUCT('campaign_id' AS name, campaign_id AS value),
                    STRUCT('channel' AS name, channel AS value),
                    STRUCT('click_id' AS name, IF(event_type = 'SPEND_CREDIT', click_id, NULL) AS value),
                    STRUCT('email' AS name, email AS value),
                    STRUCT('flight_end' AS name, flight_texts[1] AS value),
                    STRUCT('flight_start' AS name, flight_texts[0] AS value),
                    STRUCT('geo_country' AS name, geo_country AS value),
                    STRUCT('impression_id' AS name, impression_id AS value),
                    STRUCT('name' AS name, name AS value),
                    STRUCT('period' AS name, period AS value),
                    STRUCT('reason' AS name, reason AS value),
                    STRUCT('region' AS name, region AS value),
                    STRUCT('status' AS name, status AS value),
                    STRUCT('time_zone' AS name, time_zone AS value),
                    STRUCT('user_id' AS name, user_id AS value)
                ),
                part -> part.value IS NOT NULL
            ),
            part -> concat('"', part.name, '":"', aggregate(
                sequence(0, 31),
                replace(replace(part.value, '\\', '\\\\'), '"', '\\"'),
                (text, code) -> replace(text, char(code), CASE code
                    WHEN 8 THEN '\\b'
                    WHEN 9 THEN '\\t'
                    WHEN 10 THEN '\\n'
                    WHEN 12 THEN '\\f'
                    WHEN 13 THEN '\\r'
                    ELSE concat('\\u', lpad(lower(hex(code)), 4, '0'))
                END)
            ), '"')
        ),
        ','
    ), '}') AS content
FROM contents
