-- Admitted deliveries of the funnel's events, read again from their raw payload by Trino alone.
-- Grain: one row per row of lakehouse.bronze.business_events with reject_reason NULL and such a type.
-- Parameters: records_snapshot, upper_case, lower_case.
-- Free text counts if it is a string without a lone surrogate: json_extract writes surrogates as escapes, so one
-- can be told from a question mark. A number beyond a double is written as the string "Infinity": its own text tells.
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
        json_extract_scalar(payload, '$.campaign_id') AS campaign_id,
        json_extract_scalar(payload, '$.impression_id') AS said_impression_id,
        transform(
            ARRAY[
                ROW(json_extract_scalar(payload, '$.channel'), json_format(json_extract(payload, '$.channel'))),
                ROW(json_extract_scalar(payload, '$.region'), json_format(json_extract(payload, '$.region')))
            ],
            part -> CASE
                WHEN
                    regexp_like(
                        part[2],
                        '(?i)^"(?:[^"\\]|\\[^u]|\\u(?!D[89A-F])[0-9A-F]{4}|\\uD[89AB]..\\uD[C-F]..)*+"$'
                    )
                    AND json_extract_scalar(part[2], '$') = part[1]
                    THEN translate(trim(BOTH ' ' FROM part[1]), :upper_case, :lower_case)
            END
        ) AS free_texts
    FROM payloads
    WHERE json_extract_scalar(payload, '$.event_type') IN ('SIGNUP', 'ACTIVATION', 'SHARE', 'COMPLETION')
)

SELECT
    event_type,
    event_id,
    CASE WHEN stamped BETWEEN 0 AND 99999999999 THEN stamped * 1000 ELSE stamped END AS ts_ms,
    user_id,
    campaign_id,
    coalesce(nullif(free_texts[1], ''), 'unknown') AS channel,
    coalesce(nullif(free_texts[2], ''), 'unknown') AS region,
    IF(event_type = 'SIGNUP', said_impression_id) AS impression_id,
    ingest_ts
FROM members
