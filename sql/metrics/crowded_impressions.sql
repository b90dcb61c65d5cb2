-- crowded_impressions: impressions with so many events that the id is hardly that of one impression.
-- question: Which impression ids gather events of strangers, such as a producer's default id?
-- grain: one row per impression_id of 256 events or more, most first; crowded_impressions counts all of them
-- date basis: none; all of Gold
-- readers: analysts
-- param most integer = 100: the first so many; NULL: all
-- No event takes fewer than 33 characters of the state, so most rows are judged by its length alone.
WITH crowded AS (
    SELECT
        impression_id,
        campaign_id,
        json_array_length(events_state) AS events,
        last_updated_ts
    FROM gold.ad_performance_state
    WHERE
        engaged
        AND length(events_state) >= 256 * 33
        AND json_array_length(events_state) >= 256
),

ranked AS (
    SELECT
        *,
        row_number() OVER (ORDER BY events DESC, impression_id ASC) AS place,
        count(*) OVER () AS crowded_impressions
    FROM crowded
)

SELECT
    impression_id,
    campaign_id,
    events,
    last_updated_ts AS newest_arrival_at,
    crowded_impressions
FROM ranked
WHERE place <= coalesce(CAST(:most AS bigint), place)
ORDER BY place
