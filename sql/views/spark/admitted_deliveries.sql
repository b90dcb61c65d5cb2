-- audit.admitted_deliveries: every delivery that admission let through, with the content that counts.
-- grain: one row per (kafka_topic, kafka_partition, kafka_offset)
-- readers: audit.delivery_findings
-- is_key_mismatch: the Kafka key is not the impression id.
-- Header columns come from Bronze (`verify` proves them), the rest from the payload. A text for each
-- engine, because exactness needs the ways of its JSON reader:
-- Spark's own JSON strings turn numbers into doubles and lone surrogates into question marks, so the
-- text is rewritten first, from quote to quote: S before a string, L for one with a lone surrogate,
-- numbers as strings after N, names that are none of ours emptied.
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
        raw_payload
    FROM lakehouse.bronze.ad_events
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
                                'creative_id', 'geo_country', 'platform',
                                'bid_price', 'conversion_value'
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

members AS (
    SELECT
        *,
        from_json(
            spelled_payload,
            'creative_id STRING, geo_country STRING, platform STRING, bid_price STRING, conversion_value STRING',
            map('allowSingleQuotes', 'false', 'maxNestingDepth', '1002')
        ) AS member
    FROM spelled_payloads
),

amounts AS (
    SELECT
        *,
        substring(
            CASE event_type
                WHEN 'IMPRESSION' THEN member.bid_price
                WHEN 'CONVERSION' THEN member.conversion_value
                ELSE 'N0'
            END,
            2
        ) AS money_text
    FROM members
),

-- A number is sign, whole, fraction, exponent; admitted amounts are never below zero.
numerals AS (
    SELECT
        *,
        regexp_extract(money_text, '^-?([0-9]+)', 1) AS whole_digits,
        regexp_extract(money_text, '[.]([0-9]+)', 1) AS fraction_digits,
        regexp_extract(money_text, '[eE][+]?(-?[0-9]+)$', 1) AS exponent_text
    FROM amounts
),

significands AS (
    SELECT
        *,
        trim(LEADING '0' FROM concat(whole_digits, fraction_digits)) AS significant_digits,
        -- A payload has at most 2^20 bytes: beyond that an exponent gives zero or is not admitted.
        CASE
            WHEN exponent_text = '' THEN 0
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
        CAST(
            length(whole_digits) + exponent + 6
            - (length(concat(whole_digits, fraction_digits)) - length(significant_digits)) AS INT
        ) AS micro_digits
    FROM significands
)

SELECT
    kafka_topic,
    kafka_partition,
    kafka_offset,
    ingest_ts,
    kafka_key,
    NOT kafka_key <=> CAST(impression_id AS BINARY) AS is_key_mismatch,
    impression_id,
    event_id,
    event_timestamp AS event_ts,
    CASE event_type WHEN 'IMPRESSION' THEN 0 WHEN 'CLICK' THEN 1 WHEN 'CONVERSION' THEN 2 END AS type_rank,
    CAST(
        CASE
            WHEN significant_digits = '' OR micro_digits < 0 THEN 0
            WHEN micro_digits = 0 THEN IF(substring(significant_digits, 1, 1) >= '5', 1, 0)
            ELSE
                try_cast(
                    rpad(substring(significant_digits, 1, micro_digits), least(micro_digits, 30), '0')
                    AS BIGINT
                )
                + IF(substring(significant_digits, micro_digits + 1, 1) >= '5', 1, 0)
        END AS BIGINT
    ) AS micros,
    campaign_id,
    CASE WHEN startswith(member.creative_id, 'S') THEN substring(member.creative_id, 2) END AS creative_id,
    user_id,
    CASE WHEN startswith(member.geo_country, 'S') THEN substring(member.geo_country, 2) END AS geo_country,
    CASE WHEN startswith(member.platform, 'S') THEN substring(member.platform, 2) END AS platform
FROM scaled_amounts
