-- Admitted deliveries of Bronze, read again from their raw payload by Trino alone.
-- Grain: one row per row of lakehouse.bronze.ad_events with reject_reason NULL, of one slice of
-- impressions. An offset that Bronze holds twice gives two equal rows, which no reader minds:
-- the law takes the minimum over deliveries.
-- Parameters: bronze_snapshot, slice_count, slice, upper_case, lower_case (contracts/letters.py); channel_column,
-- region_column and knows_segments (proof/segment_columns.py), as older rows and snapshots lack these two columns.
-- Exactness: json_extract_scalar returns the text of a number as it was sent (no double is made),
-- and json_extract writes surrogates as escapes, so a lone one can be told from a question mark.
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
        AND mod(crc32(to_utf8(impression_id)), :slice_count) = :slice
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
        json_extract_scalar(payload, '$.impression_id') AS impression_id,
        json_extract_scalar(payload, '$.event_id') AS event_id,
        json_extract_scalar(payload, '$.event_type') AS event_type,
        json_extract_scalar(payload, '$.event_timestamp') AS timestamp_text,
        json_extract_scalar(payload, '$.campaign_id') AS campaign_id,
        json_extract_scalar(payload, '$.creative_id') AS creative_id,
        json_extract_scalar(payload, '$.user_id') AS user_id,
        json_extract_scalar(payload, '$.geo_country') AS geo_country_text,
        json_extract_scalar(payload, '$.platform') AS platform_text,
        json_format(json_extract(payload, '$.geo_country')) AS geo_country_json,
        json_format(json_extract(payload, '$.platform')) AS platform_json,
        json_extract_scalar(payload, '$.channel') AS channel_text,
        json_extract_scalar(payload, '$.region') AS region_text,
        json_format(json_extract(payload, '$.channel')) AS channel_json,
        json_format(json_extract(payload, '$.region')) AS region_json,
        CASE json_extract_scalar(payload, '$.event_type')
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
),

-- Only a string counts, and only one without a lone surrogate. A number beyond a double is written by
-- json_extract as the string "Infinity": its own text tells.
held_texts AS (
    SELECT
        *,
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
        END AS platform,
        CASE
            WHEN
                regexp_like(
                    channel_json,
                    '(?i)^"(?:[^"\\]|\\[^u]|\\u(?!D[89A-F])[0-9A-F]{4}|\\uD[89AB]..\\uD[C-F]..)*+"$'
                )
                AND json_extract_scalar(channel_json, '$') = channel_text
                THEN channel_text
        END AS channel,
        CASE
            WHEN
                regexp_like(
                    region_json,
                    '(?i)^"(?:[^"\\]|\\[^u]|\\u(?!D[89A-F])[0-9A-F]{4}|\\uD[89AB]..\\uD[C-F]..)*+"$'
                )
                AND json_extract_scalar(region_json, '$') = region_text
                THEN region_text
        END AS region
    FROM scaled_amounts
),

-- The form of a segment: without spaces around it, in small letters, NULL when it is no usable text.
small_texts AS (
    SELECT
        *,
        translate(trim(BOTH ' ' FROM channel), :upper_case, :lower_case) AS small_channel,
        translate(trim(BOTH ' ' FROM region), :upper_case, :lower_case) AS small_region,
        translate(trim(BOTH ' ' FROM geo_country), :upper_case, :lower_case) AS small_country
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
        WHEN try_cast(timestamp_text AS BIGINT) BETWEEN 0 AND 99999999999
            THEN try_cast(timestamp_text AS BIGINT) * 1000
        ELSE try_cast(timestamp_text AS BIGINT)
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
