-- double_clicks: clicks that come right after another click on the same impression.
-- question: Which campaigns are clicked twice at once?
-- grain: one row per campaign_id with a click, most double clicks first; campaigns counts all of them
-- date basis: click time
-- readers: Grafana (trust), analysts
-- param double_click_ms integer = 1000: longest time from the click before, in milliseconds
-- param since timestamp = NULL: clicks at or after this time; NULL: from the beginning
-- param until timestamp = NULL: clicks before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- param most integer = NULL: the first so many campaigns; NULL: all
-- include held_events
-- include changed_since
-- include time_range: moment = clicked_at
-- Gold counts a clicked impression once, so they make no CTR larger: they say how clicks are made. A burst on one
-- impression (click_bursts) is full of them.
WITH engaged_rows AS (
    SELECT
        impression_id,
        campaign_id,
        :held_events AS events
    FROM gold.ad_performance_state
    WHERE
        engaged
        AND :changed_since
        AND (CAST(:campaign_id AS varchar) IS NULL OR campaign_id = CAST(:campaign_id AS varchar))
),

clicks AS (
    SELECT
        state.impression_id,
        state.campaign_id,
        event.ts_ms AS clicked_ms,
        lag(event.ts_ms) OVER (
            PARTITION BY state.impression_id ORDER BY event.ts_ms ASC, event.event_id ASC
        ) AS previous_clicked_ms,
        CAST(from_unixtime_nanos(CAST(event.ts_ms AS decimal(38, 0)) * 1000000) AS timestamp(6) with time zone)
            AS clicked_at
    FROM engaged_rows AS state
    CROSS JOIN UNNEST(state.events) AS event (event_id, ts_ms, type_rank, user_id)
    WHERE event.type_rank = 1
),

judged_clicks AS (
    SELECT
        impression_id,
        campaign_id,
        coalesce(clicked_ms - previous_clicked_ms <= CAST(:double_click_ms AS bigint), FALSE) AS is_double
    FROM clicks
    WHERE :time_range
),

campaign_totals AS (
    SELECT
        campaign_id,
        count(*) AS clicks,
        count_if(is_double) AS double_clicks,
        count(DISTINCT if(is_double, impression_id)) AS double_clicked_impressions
    FROM judged_clicks
    GROUP BY campaign_id
),

ranked_campaigns AS (
    SELECT
        *,
        row_number() OVER (ORDER BY double_clicks DESC, clicks DESC, campaign_id ASC) AS place,
        count(*) OVER () AS campaigns
    FROM campaign_totals
)

SELECT
    campaign_id,
    clicks,
    double_clicks,
    double_clicked_impressions,
    CAST(double_clicks AS decimal(38, 9)) / nullif(clicks, 0) AS double_click_share,
    campaigns
FROM ranked_campaigns
WHERE place <= coalesce(CAST(:most AS bigint), place)
ORDER BY place
