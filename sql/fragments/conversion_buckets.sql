-- conversion_buckets: every distinct conversion event, in the one bucket that its value belongs to; a relation, to be
-- added up.
-- include readable_payload
-- include time_range: moment = conversion_at
-- include chosen_rows
-- parameters: since and until (of the conversion's time), campaign_id, geo_country, platform.
-- Conversions of Gold by the law (what is attributed to an impression that never came is ORPHAN), from
-- gold.rollup_conversions: of one that changed there are rows that cancel out, so count with conversions, which may be
-- below zero in one row. Then those that were refused and never admitted as a conversion. One that was refused several
-- times counts once, with its smallest value.
-- A refused conversion is dated by Bronze's partition_ts: its own time, or its arrival where that is unusable.
-- Its value is what the law would take for money; NULL: it has none (no number, below zero, too large).
-- refused_at: where the refused delivery lies in its topic; NULL: a conversion of Gold.
WITH refused_deliveries AS (
    SELECT
        kafka_topic,
        kafka_partition,
        kafka_offset,
        impression_id,
        event_id,
        campaign_id,
        reject_reason,
        partition_ts AS conversion_at,
        :readable_payload AS payload
    FROM bronze.ad_events
    WHERE
        reject_reason IS NOT NULL
        AND event_type = 'CONVERSION'
),

refused_contents AS (
    SELECT
        *,
        json_extract_scalar(payload, '$.geo_country') AS geo_country,
        json_extract_scalar(payload, '$.platform') AS platform,
        json_extract_scalar(payload, '$.conversion_value') AS number_text,
        coalesce(json_format(json_extract(payload, '$.conversion_value')) NOT LIKE '"%', FALSE) AS is_number,
        length(trim(impression_id)) > 0 AND length(trim(event_id)) > 0 AS has_key,
        kafka_topic || '/' || CAST(kafka_partition AS VARCHAR) || '/' || CAST(kafka_offset AS VARCHAR) AS refused_at
    FROM refused_deliveries
    WHERE :time_range
),

-- An exponent of more than four digits alone decides; casting it would take a number of a million digits.
refused_values AS (
    SELECT
        *,
        CASE
            WHEN NOT is_number THEN NULL
            WHEN NOT regexp_like(number_text, '^[^eE]*[1-9]') THEN 0
            WHEN number_text LIKE '-%' THEN NULL
            WHEN regexp_like(number_text, '[eE]-0*[1-9][0-9]{4}') THEN 0
            WHEN regexp_like(number_text, '[eE]\+?0*[1-9][0-9]{4}') THEN NULL
            ELSE try(CAST(number_text AS DECIMAL(18, 6)))
        END AS value
    FROM refused_contents
    WHERE :chosen_rows
),

refused_conversions AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY
                has_key,
                if(has_key, impression_id, refused_at),
                if(has_key, event_id)
            ORDER BY value ASC NULLS LAST, conversion_at ASC, kafka_topic ASC, kafka_partition ASC, kafka_offset ASC
        ) AS place
    FROM refused_values
)

SELECT
    impression_id,
    event_id,
    campaign_id,
    geo_country,
    platform,
    conversion_at,
    bucket,
    CAST(NULL AS VARCHAR) AS reject_reason,
    CAST(NULL AS VARCHAR) AS refused_at,
    conversions,
    value
FROM gold.rollup_conversions
WHERE
    :time_range
    AND :chosen_rows
UNION ALL
SELECT
    refused_conversions.impression_id,
    refused_conversions.event_id,
    refused_conversions.campaign_id,
    refused_conversions.geo_country,
    refused_conversions.platform,
    refused_conversions.conversion_at,
    'REJECTED' AS bucket,
    refused_conversions.reject_reason,
    refused_conversions.refused_at,
    1 AS conversions,
    refused_conversions.value
FROM refused_conversions
LEFT JOIN gold.ad_performance_state AS gold
    ON refused_conversions.impression_id = gold.impression_id AND gold.engaged
WHERE
    refused_conversions.place = 1
    AND NOT coalesce(
        any_match(
            CAST(json_parse(gold.events_state) AS ARRAY(ROW(e VARCHAR, r INTEGER))),
            event -> event.e = refused_conversions.event_id AND event.r = 2
        ),
        FALSE
    )
