-- audit.reused_event_ids: event ids admitted under more than one impression, and the money they count.
-- grain: one row per (event_id, impression_id) of such an id
-- readers: adlake query reused_event_ids, notebooks
-- An event counts once in each of its impressions. Were its id global, only one use would count: the
-- earliest by event time, then type, amount and impression_id (`use_number` 1). At stake is what the
-- other uses count: revenue of attributed conversions, cost of impressions that are not duplicates.
-- Bronze's two short columns find the ids; Gold says what became of them. A filter on event_id reaches
-- both.
WITH suspects AS (
    SELECT event_id
    FROM lakehouse.bronze.ad_events
    WHERE reject_reason IS NULL
    GROUP BY event_id
    HAVING min(impression_id) <> max(impression_id)
),

-- Named by impression too, so that engines which can look up Gold's rows of these impressions alone.
suspected_uses AS (
    SELECT DISTINCT
        bronze.event_id,
        bronze.impression_id
    FROM lakehouse.bronze.ad_events AS bronze
    INNER JOIN suspects ON bronze.event_id = suspects.event_id
    WHERE bronze.reject_reason IS NULL
),

uses AS (
    SELECT
        outcomes.event_id,
        outcomes.impression_id,
        outcomes.event_type,
        outcomes.event_ts,
        outcomes.first_ingest_ts,
        outcomes.campaign_id,
        outcomes.disposition,
        CASE WHEN outcomes.disposition = 'ATTRIBUTED' THEN outcomes.amount ELSE 0 END AS revenue,
        CASE
            WHEN outcomes.event_type = 'IMPRESSION' AND NOT outcomes.is_duplicate_impression
                THEN outcomes.amount
            ELSE 0
        END AS cost,
        -- What Gold does not hold yet counts nowhere yet.
        count(*) OVER (PARTITION BY outcomes.event_id) AS impressions,
        row_number() OVER (
            PARTITION BY outcomes.event_id
            ORDER BY
                outcomes.event_ts ASC,
                CASE outcomes.event_type WHEN 'IMPRESSION' THEN 0 WHEN 'CLICK' THEN 1 ELSE 2 END ASC,
                outcomes.amount ASC,
                outcomes.impression_id ASC
        ) AS use_number
    FROM lakehouse.audit.event_outcomes AS outcomes
    INNER JOIN suspected_uses
        ON
            outcomes.impression_id = suspected_uses.impression_id
            AND outcomes.event_id = suspected_uses.event_id
)

SELECT
    event_id,
    impression_id,
    impressions,
    event_type,
    event_ts,
    first_ingest_ts,
    campaign_id,
    disposition,
    -- Spark counts rows in INT, Trino in BIGINT: a view has one type for both.
    CAST(use_number AS BIGINT) AS use_number,
    revenue,
    CASE WHEN use_number > 1 THEN revenue ELSE 0 END AS revenue_at_stake,
    cost,
    CASE WHEN use_number > 1 THEN cost ELSE 0 END AS cost_at_stake
FROM uses
WHERE impressions > 1
