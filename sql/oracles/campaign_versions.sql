-- Versions of campaigns from their admitted updates, by one query: what dims.dim_campaigns must hold.
-- Grain: one row per campaign_id and moment at which something changed.
-- Reads a relation `campaign_updates`; repeats are harmless.
-- Of two contents of one event the smaller one counts, NULL before all else. Updates take effect in
-- the order (moment, event id), those of one moment together, and what is NULL stays as it was.
WITH ranked_contents AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY campaign_id, event_id
            ORDER BY
                ts_ms ASC,
                name ASC NULLS FIRST,
                advertiser_id ASC NULLS FIRST,
                channel ASC NULLS FIRST,
                objective ASC NULLS FIRST,
                budget_type ASC NULLS FIRST,
                budget_micros ASC NULLS FIRST,
                status ASC NULLS FIRST
        ) AS content_position
    FROM campaign_updates
),

-- What holds after each update, and the place of the update in its moment.
held AS (
    SELECT
        campaign_id,
        ts_ms,
        last_value(name) IGNORE NULLS OVER so_far AS name,
        last_value(advertiser_id) IGNORE NULLS OVER so_far AS advertiser_id,
        last_value(channel) IGNORE NULLS OVER so_far AS channel,
        last_value(objective) IGNORE NULLS OVER so_far AS objective,
        last_value(budget_type) IGNORE NULLS OVER so_far AS budget_type,
        last_value(budget_micros) IGNORE NULLS OVER so_far AS budget_micros,
        coalesce(last_value(status) IGNORE NULLS OVER so_far, 'ACTIVE') AS status,
        row_number() OVER (PARTITION BY campaign_id, ts_ms ORDER BY event_id DESC) AS from_last
    FROM ranked_contents
    WHERE content_position = 1
    WINDOW so_far AS (
        PARTITION BY campaign_id ORDER BY ts_ms ASC, event_id ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
),

moments AS (
    SELECT
        *,
        lag(ROW(name, advertiser_id, channel, objective, budget_type, budget_micros, status))
            OVER (PARTITION BY campaign_id ORDER BY ts_ms) AS held_before
    FROM held
    WHERE from_last = 1
),

beginnings AS (
    SELECT *
    FROM moments
    WHERE
        held_before
        IS DISTINCT FROM ROW(
            name, advertiser_id, channel, objective, budget_type, budget_micros, status
        )
),

spans AS (
    SELECT
        *,
        lead(ts_ms) OVER (PARTITION BY campaign_id ORDER BY ts_ms) AS end_ms
    FROM beginnings
)

SELECT
    from_base(
        substr(to_hex(md5(to_utf8(campaign_id || '|' || CAST(ts_ms AS VARCHAR)))), 1, 15), 16
    ) AS campaign_key,
    campaign_id,
    name,
    advertiser_id,
    channel,
    objective,
    budget_type,
    CAST(CAST(budget_micros AS DECIMAL(20, 0)) / 1000000.000000 AS DECIMAL(18, 6)) AS budget_amount,
    status,
    CAST(from_unixtime_nanos(ts_ms * CAST(1000000 AS DECIMAL(20, 0))) AS :timestamp_utc) AS start_ts,
    CASE
        WHEN end_ms IS NULL THEN CAST('9999-12-31 00:00:00+00:00' AS :timestamp_utc)
        ELSE CAST(from_unixtime_nanos(end_ms * CAST(1000000 AS DECIMAL(20, 0))) AS :timestamp_utc)
    END AS end_ts,
    end_ms IS NULL AS is_current
FROM spans
