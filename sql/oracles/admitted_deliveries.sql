-- Admitted deliveries of Bronze, read again from their raw payload by Trino alone.
-- Grain: one row per row of lakehouse.bronze.ad_events with reject_reason NULL, of one slice of
-- impressions. An offset that Bronze holds twice gives two equal rows, which no reader minds:
-- the law takes the minimum over deliveries.
-- Parameters: bronze_snapshot, bronze_part (a condition), slice_count, slice, upper_case, lower_case
-- (contracts/letters.py); channel_column, region_column and knows_segments (proof/segment_columns.py), as older rows
-- and snapshots lack these two columns.
-- Exactness: json_extract_scalar returns the text of a number as it was sent (no double is made),
-- and json_extract writes surrogates as escapes, so a lone one can be told from a question mark.
-- Speed: each json_extract_scalar reads the payload again from its beginning. So it is taken apart once, and
-- strings that mean themselves (no escape in them) are taken from there; whatever else stands there is read
-- by itself, as are numbers. A number beyond a double is written by json_extract as the string "Infinity".
-- include readable_payload
WITH payloads AS (
    SELECT
        ingest_ts,
        impression_id AS stored_impression_id,
        event_id AS stored_event_id,
        event_type AS stored_event_type,
        campaign_id AS stored_campaign_id,
        user_id AS stored_user_id,
        :channel_column AS stored_channel,
        :region_column AS stored_region,
        :knows_segments AS has_segments,
        :readable_payload AS payload
    FROM lakehouse.bronze.ad_events FOR VERSION AS OF :bronze_snapshot
    WHERE
        reject_reason IS NULL
        AND :bronze_part
        AND mod(crc32(to_utf8(impression_id)), :slice_count) = :slice
),

-- NULL: no object, or one with an escape somewhere, which a second reading could lose: it is read member by
-- member.
objects AS (
    SELECT
        *,
        CASE
            WHEN strpos(payload, chr(92)) = 0
                THEN try(CAST(json_extract(payload, '$') AS MAP (VARCHAR, JSON)))
        END AS held
    FROM payloads
),

plain_objects AS (
    SELECT
        *,
        transform_values(
            held,
            (name, member) -> CASE
                WHEN
                    starts_with(json_format(member), '"')
                    AND strpos(json_format(member), chr(92)) = 0
                    AND json_format(member) NOT IN ('"Infinity"', '"-Infinity"', '"NaN"')
                    THEN substr(json_format(member), 2, length(json_format(member)) - 2)
            END
        ) AS plain_texts
    FROM objects
),

members AS (
    SELECT
        ingest_ts,
        stored_impression_id,
        stored_event_id,
        stored_event_type,
        stored_campaign_id,
        stored_user_id,
        stored_channel,
        stored_region,
        has_segments,
        payload,
        CASE
            WHEN held IS NULL OR element_at(held, 'impression_id') IS NOT NULL
                THEN coalesce(element_at(plain_texts, 'impression_id'), json_extract_scalar(payload, '$.impression_id'))
        END AS impression_id,
        CASE
            WHEN held IS NULL OR element_at(held, 'event_id') IS NOT NULL
                THEN coalesce(element_at(plain_texts, 'event_id'), json_extract_scalar(payload, '$.event_id'))
        END AS event_id,
        CASE
            WHEN held IS NULL OR element_at(held, 'event_type') IS NOT NULL
                THEN coalesce(element_at(plain_texts, 'event_type'), json_extract_scalar(payload, '$.event_type'))
        END AS event_type,
        CASE
            WHEN held IS NULL OR element_at(held, 'campaign_id') IS NOT NULL
                THEN coalesce(element_at(plain_texts, 'campaign_id'), json_extract_scalar(payload, '$.campaign_id'))
        END AS campaign_id,
        CASE
            WHEN held IS NULL OR element_at(held, 'creative_id') IS NOT NULL
                THEN coalesce(element_at(plain_texts, 'creative_id'), json_extract_scalar(payload, '$.creative_id'))
        END AS creative_id,
        CASE
            WHEN held IS NULL OR element_at(held, 'user_id') IS NOT NULL
                THEN coalesce(element_at(plain_texts, 'user_id'), json_extract_scalar(payload, '$.user_id'))
        END AS user_id,
        coalesce(
            try_cast(json_format(element_at(held, 'event_timestamp')) AS BIGINT),
            try_cast(json_extract_scalar(payload, '$.event_timestamp') AS BIGINT)
        ) AS timestamp_number,
        element_at(plain_texts, 'geo_country') AS plain_geo_country,
        CASE
            WHEN
                held IS NULL
                OR (element_at(held, 'geo_country') IS NOT NULL AND element_at(plain_texts, 'geo_country') IS NULL)
                THEN json_format(json_extract(payload, '$.geo_country'))
        END AS geo_country_json,
        element_at(plain_texts, 'platform') AS plain_platform,
        CASE
            WHEN
                held IS NULL
                OR (element_at(held, 'platform') IS NOT NULL AND element_at(plain_texts, 'platform') IS NULL)
                THEN json_format(json_extract(payload, '$.platform'))
        END AS platform_json,
        element_at(plain_texts, 'channel') AS plain_channel,
        CASE
            WHEN
                held IS NULL
                OR (element_at(held, 'channel') IS NOT NULL AND element_at(plain_texts, 'channel') IS NULL)
                THEN json_format(json_extract(payload, '$.channel'))
        END AS channel_json,
        element_at(plain_texts, 'region') AS plain_region,
        CASE
            WHEN
                held IS NULL
                OR (element_at(held, 'region') IS NOT NULL AND element_at(plain_texts, 'region') IS NULL)
                THEN json_format(json_extract(payload, '$.region'))
        END AS region_json
    FROM plain_objects
),

amounts AS (
    SELECT
        *,
        CASE event_type
            WHEN 'IMPRESSION' THEN json_extract_scalar(payload, '$.bid_price')
            WHEN 'CONVERSION' THEN json_extract_scalar(payload, '$.conversion_value')
            ELSE '0'
        END AS money_text
    FROM members
),

-- A number is sign, whole, fraction, exponent; admitted amounts are never below zero.
numerals AS (
    SELECT
        *,
        regexp_extract(money_text, '^-?([0-9]+)', 1) AS whole_digits,
        coalesce(regexp_extract(money_text, '\.([0-9]+)', 1), '') AS fraction_digits,
        regexp_extract(money_text, '[eE]([-+]?[0-9]+)$', 1) AS exponent_text
    FROM amounts
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
),

-- Only a string counts, and only one without a lone surrogate. Behind a number that became a string stands
-- its own text.
held_texts AS (
    SELECT
        *,
        CASE
            WHEN plain_geo_country IS NOT NULL THEN plain_geo_country
            WHEN
                regexp_like(
                    geo_country_json,
                    '(?i)^"(?:[^"\\]|\\[^u]|\\u(?!D[89A-F])[0-9A-F]{4}|\\uD[89AB]..\\uD[C-F]..)*+"$'
                )
                AND json_extract_scalar(geo_country_json, '$') = json_extract_scalar(payload, '$.geo_country')
                THEN json_extract_scalar(geo_country_json, '$')
        END AS geo_country,
        CASE
            WHEN plain_platform IS NOT NULL THEN plain_platform
            WHEN
                regexp_like(
                    platform_json,
                    '(?i)^"(?:[^"\\]|\\[^u]|\\u(?!D[89A-F])[0-9A-F]{4}|\\uD[89AB]..\\uD[C-F]..)*+"$'
                )
                AND json_extract_scalar(platform_json, '$') = json_extract_scalar(payload, '$.platform')
                THEN json_extract_scalar(platform_json, '$')
        END AS platform,
        CASE
            WHEN plain_channel IS NOT NULL THEN plain_channel
            WHEN
                regexp_like(
                    channel_json,
                    '(?i)^"(?:[^"\\]|\\[^u]|\\u(?!D[89A-F])[0-9A-F]{4}|\\uD[89AB]..\\uD[C-F]..)*+"$'
                )
                AND json_extract_scalar(channel_json, '$') = json_extract_scalar(payload, '$.channel')
                THEN json_extract_scalar(channel_json, '$')
        END AS channel,
        CASE
            WHEN plain_region IS NOT NULL THEN plain_region
            WHEN
                regexp_like(
                    region_json,
                    '(?i)^"(?:[^"\\]|\\[^u]|\\u(?!D[89A-F])[0-9A-F]{4}|\\uD[89AB]..\\uD[C-F]..)*+"$'
                )
                AND json_extract_scalar(region_json, '$') = json_extract_scalar(payload, '$.region')
                THEN json_extract_scalar(region_json, '$')
        END AS region
    FROM scaled_amounts
),

-- The form of a segment: without spaces around it, in small letters, NULL when it is no usable text.
-- translate builds its table of all letters for each row: most texts need none of the others.
small_texts AS (
    SELECT
        *,
        CASE
            WHEN regexp_like(channel, '\A[ -~]*\z') THEN lower(trim(BOTH ' ' FROM channel))
            ELSE translate(trim(BOTH ' ' FROM channel), :upper_case, :lower_case)
        END AS small_channel,
        CASE
            WHEN regexp_like(region, '\A[ -~]*\z') THEN lower(trim(BOTH ' ' FROM region))
            ELSE translate(trim(BOTH ' ' FROM region), :upper_case, :lower_case)
        END AS small_region,
        CASE
            WHEN regexp_like(geo_country, '\A[ -~]*\z') THEN lower(trim(BOTH ' ' FROM geo_country))
            ELSE translate(trim(BOTH ' ' FROM geo_country), :upper_case, :lower_case)
        END AS small_country
    FROM held_texts
),

segments AS (
    SELECT
        *,
        CASE
            WHEN
                length(to_utf8(small_channel)) BETWEEN 1 AND 256
                AND NOT regexp_like(small_channel, '[\x00-\x1f]')
                THEN small_channel
        END AS channel_segment,
        CASE
            WHEN
                length(to_utf8(small_region)) BETWEEN 1 AND 256
                AND NOT regexp_like(small_region, '[\x00-\x1f]')
                THEN small_region
        END AS region_segment,
        CASE
            WHEN
                length(to_utf8(small_country)) BETWEEN 1 AND 256
                AND NOT regexp_like(small_country, '[\x00-\x1f]')
                THEN small_country
        END AS country_segment
    FROM small_texts
)

SELECT
    impression_id,
    event_id,
    CASE
        WHEN timestamp_number BETWEEN 0 AND 99999999999 THEN timestamp_number * 1000
        ELSE timestamp_number
    END AS ts_ms,
    CAST(
        CASE event_type WHEN 'IMPRESSION' THEN 0 WHEN 'CLICK' THEN 1 WHEN 'CONVERSION' THEN 2 END
        AS BIGINT
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
    geo_country,
    platform,
    channel_segment AS channel,
    region_segment AS region,
    country_segment,
    date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00.000000 UTC', ingest_ts) AS ingest_ms,
    coalesce(stored_impression_id = impression_id, FALSE)
    AND stored_event_id IS NOT DISTINCT FROM event_id
    AND stored_event_type IS NOT DISTINCT FROM event_type
    AND stored_campaign_id IS NOT DISTINCT FROM campaign_id
    AND stored_user_id IS NOT DISTINCT FROM user_id
    AND (
        (stored_channel IS NOT DISTINCT FROM channel_segment AND stored_region IS NOT DISTINCT FROM region_segment)
        OR (NOT has_segments AND stored_channel IS NULL AND stored_region IS NULL)
    ) AS is_header_exact
FROM segments
