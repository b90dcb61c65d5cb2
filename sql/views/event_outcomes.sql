-- audit.event_outcomes: every event of Gold with what became of it.
-- grain: one row per (impression_id, event_id)
-- readers: notebooks, audit questions; adlake explain says the same
-- `disposition` is that of a conversion: ATTRIBUTED, NO_CLICK, CONVERSION_BEFORE_CLICK, OUT_OF_WINDOW or
-- REPEAT_CONVERSION. Filters on impression_id reach the table.
-- Parameters: attribution_window_ms, late_tolerance_ms, future_tolerance_ms.
WITH placed_events AS (
    SELECT
        *,
        count(CASE WHEN type_rank = 1 THEN 1 END) OVER (PARTITION BY impression_id) AS clicks,
        min(CASE WHEN type_rank = 0 THEN ts_ms END) OVER (PARTITION BY impression_id) AS impression_ms,
        row_number() OVER (
            PARTITION BY impression_id ORDER BY type_rank ASC, ts_ms ASC, event_id ASC
        ) AS donor_position,
        first_value(campaign_id) OVER (
            PARTITION BY impression_id ORDER BY type_rank ASC, ts_ms ASC, event_id ASC
        ) AS donor_campaign_id,
        first_value(user_id) OVER (
            PARTITION BY impression_id ORDER BY type_rank ASC, ts_ms ASC, event_id ASC
        ) AS donor_user_id,
        -- Peers of the current row are in the frame: a click at the conversion's time counts.
        max(CASE WHEN type_rank = 1 THEN ts_ms END) OVER (
            PARTITION BY impression_id ORDER BY ts_ms ASC
            RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS latest_click_ms
    FROM lakehouse.audit.gold_events
    WHERE engaged
),

judged_events AS (
    SELECT
        *,
        coalesce(
            type_rank = 2 AND ts_ms - latest_click_ms <= :attribution_window_ms, FALSE
        ) AS is_eligible
    FROM placed_events
),

disposed_events AS (
    SELECT
        *,
        CASE
            WHEN type_rank <> 2 THEN NULL
            WHEN clicks = 0 THEN 'NO_CLICK'
            WHEN latest_click_ms IS NULL THEN 'CONVERSION_BEFORE_CLICK'
            WHEN NOT is_eligible THEN 'OUT_OF_WINDOW'
            WHEN
                row_number() OVER (
                    PARTITION BY impression_id, is_eligible ORDER BY ts_ms ASC, event_id ASC
                ) > 1
                THEN 'REPEAT_CONVERSION'
            ELSE 'ATTRIBUTED'
        END AS disposition
    FROM judged_events
),

attributed_events AS (
    SELECT
        *,
        max(CASE WHEN disposition = 'ATTRIBUTED' THEN ts_ms END) OVER (PARTITION BY impression_id)
            AS attributed_ms
    FROM disposed_events
),

-- The credited click is the last one up to the attributed conversion, or the last of all.
credited_events AS (
    SELECT
        *,
        type_rank = 1 AND ts_ms <= coalesce(attributed_ms, ts_ms) AS may_be_credited
    FROM attributed_events
),

outcomes AS (
    SELECT
        impression_id,
        event_id,
        type_rank,
        ts_ms,
        event_ts,
        first_ingest_ms,
        first_ingest_ts,
        micros,
        campaign_id,
        user_id,
        disposition,
        may_be_credited AND row_number() OVER (
            PARTITION BY impression_id, may_be_credited ORDER BY ts_ms DESC, event_id DESC
        ) = 1 AS is_credited_click,
        type_rank = 0 AND donor_position > 1 AS is_duplicate_impression,
        coalesce(type_rank = 1 AND ts_ms < impression_ms - :future_tolerance_ms, FALSE)
            AS is_click_before_impression,
        campaign_id IS DISTINCT FROM donor_campaign_id
        OR user_id IS DISTINCT FROM donor_user_id AS is_dim_mismatch
    FROM credited_events
    UNION ALL
    -- Most impressions: nothing else happened, so nothing has to be ordered.
    SELECT
        impression_id,
        event_id,
        type_rank,
        ts_ms,
        event_ts,
        first_ingest_ms,
        first_ingest_ts,
        micros,
        campaign_id,
        user_id,
        NULL AS disposition,
        FALSE AS is_credited_click,
        FALSE AS is_duplicate_impression,
        FALSE AS is_click_before_impression,
        FALSE AS is_dim_mismatch
    FROM lakehouse.audit.gold_events
    WHERE NOT engaged
)

SELECT
    impression_id,
    event_id,
    CASE type_rank WHEN 0 THEN 'IMPRESSION' WHEN 1 THEN 'CLICK' ELSE 'CONVERSION' END AS event_type,
    event_ts,
    first_ingest_ts,
    CASE
        WHEN type_rank <> 1 THEN CAST(CAST(micros AS DECIMAL(38, 0)) * 0.000001 AS DECIMAL(18, 6))
    END AS amount,
    campaign_id,
    user_id,
    disposition,
    is_credited_click,
    is_duplicate_impression,
    is_click_before_impression,
    is_dim_mismatch,
    first_ingest_ms - ts_ms > :late_tolerance_ms AS is_late
FROM outcomes
