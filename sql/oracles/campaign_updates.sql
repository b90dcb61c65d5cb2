-- Admitted campaign updates, read again from their raw payload by Trino alone.
-- Grain: one row per row of lakehouse.bronze.campaign_updates with reject_reason NULL.
-- Parameter: records_snapshot.
-- A text that is absent, null or blank says nothing (NULL). Money is micros, rounded half up: the
-- text of a number is kept by json_extract_scalar as it was sent.
-- include readable_payload
WITH payloads AS (
    SELECT :readable_payload AS payload
    FROM lakehouse.bronze.campaign_updates FOR VERSION AS OF :records_snapshot
    WHERE reject_reason IS NULL
),

members AS (
    SELECT
        json_extract_scalar(payload, '$.campaign_id') AS campaign_id,
        json_extract_scalar(payload, '$.event_id') AS event_id,
        try_cast(json_extract_scalar(payload, '$.event_timestamp') AS BIGINT) AS stamped,
        json_extract_scalar(payload, '$.name') AS name,
        json_extract_scalar(payload, '$.advertiser_id') AS advertiser_id,
        json_extract_scalar(payload, '$.channel') AS channel,
        json_extract_scalar(payload, '$.objective') AS objective,
        json_extract_scalar(payload, '$.budget_type') AS budget_type,
        json_extract_scalar(payload, '$.budget_amount') AS budget_text,
        json_extract_scalar(payload, '$.status') AS status
    FROM payloads
)

SELECT
    campaign_id,
    event_id,
    CASE WHEN stamped BETWEEN 0 AND 99999999999 THEN stamped * 1000 ELSE stamped END AS ts_ms,
    IF(trim(BOTH ' ' FROM name) <> '', name) AS name,
    IF(trim(BOTH ' ' FROM advertiser_id) <> '', advertiser_id) AS advertiser_id,
    IF(trim(BOTH ' ' FROM channel) <> '', channel) AS channel,
    IF(trim(BOTH ' ' FROM objective) <> '', objective) AS objective,
    IF(trim(BOTH ' ' FROM budget_type) <> '', budget_type) AS budget_type,
    CASE
        WHEN trim(BOTH ' ' FROM budget_text) = '' THEN NULL
        -- A number so small that nothing is left, or a zero with any exponent.
        WHEN regexp_like(budget_text, '[eE][-+]?0*[0-9]{4,}$') THEN 0
        ELSE CAST(CAST(budget_text AS DECIMAL(38, 6)) * 1000000 AS BIGINT)
    END AS budget_micros,
    IF(trim(BOTH ' ' FROM status) <> '', status) AS status
FROM members
