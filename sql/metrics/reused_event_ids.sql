-- reused_event_ids: event ids used under more than one impression, and the money that hangs on it.
-- question: Which event ids count more than once, and what would be missing if each counted once?
-- grain: one row per event_id, most revenue at stake first; reused_event_ids counts all of them
-- date basis: none; all of Bronze and Gold
-- readers: analysts, alerts
-- param parts integer = 1: divide the ids into so many parts by their hash, for a lake of millions of events
-- param part integer = 0: which part to read, from 0
-- param most integer = 100: the first so many; NULL: all
-- An id is wholly in one part. At stake: what the uses of the id after its first one count.
WITH uses AS (
    SELECT *
    FROM audit.reused_event_ids
    WHERE crc32(to_utf8(event_id)) % CAST(:parts AS bigint) = CAST(:part AS bigint)
),

event_ids AS (
    SELECT
        event_id,
        count(*) AS impressions,
        array_agg(impression_id ORDER BY use_number ASC) FILTER (WHERE use_number <= 10)  -- noqa: LT14
            AS first_impression_ids,
        min(event_ts) AS first_event_at,
        max(event_ts) AS last_event_at,
        sum(revenue) AS revenue,
        sum(revenue_at_stake) AS revenue_at_stake,
        sum(cost) AS cost,
        sum(cost_at_stake) AS cost_at_stake
    FROM uses
    GROUP BY event_id
),

ranked AS (
    SELECT
        *,
        row_number() OVER (ORDER BY revenue_at_stake DESC, cost_at_stake DESC, impressions DESC, event_id ASC)
            AS place,
        count(*) OVER () AS reused_event_ids
    FROM event_ids
)

SELECT
    event_id,
    impressions,
    first_impression_ids,
    first_event_at,
    last_event_at,
    revenue,
    revenue_at_stake,
    cost,
    cost_at_stake,
    reused_event_ids
FROM ranked
WHERE place <= coalesce(CAST(:most AS bigint), place)
ORDER BY place
