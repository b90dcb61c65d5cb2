-- gold.raw_events: every event that was admitted, of ads, of the funnel and of the business, once, as it counts.
-- grain: one row per event: (impression_id, event_id) of an ad event, event_type and what its type counts once
-- per of any other
-- readers: analysts, notebooks
-- event_time is the event's own, cost the price of an impression and 0 of everything else. Channel and region of an ad
-- event are those of its row of Gold; where the channel is unknown, that of its campaign's version in force when it
-- happened. 'unknown' where there is none, or where the event of a business does not say.
WITH ad_events AS (
    SELECT
        event_id,
        event_ts AS event_time,
        user_id,
        campaign_id,
        nullif(row_channel, 'unknown') AS channel,
        coalesce(row_region, 'unknown') AS region,
        CASE type_rank WHEN 0 THEN 'IMPRESSION' WHEN 1 THEN 'CLICK' ELSE 'CONVERSION' END AS event_type,
        CASE type_rank WHEN 0 THEN micros ELSE 0 END AS cost_micros
    FROM lakehouse.audit.gold_events
),

-- Of several contents of one event the smallest counts, as in gold.business_events_audit.
business_events AS (
    SELECT
        event_id,
        event_ts AS event_time,
        user_id,
        campaign_id,
        coalesce(channel, 'unknown') AS channel,
        coalesce(region, 'unknown') AS region,
        event_type,
        row_number() OVER (
            PARTITION BY event_type, counted_within, counted_id
            ORDER BY event_ts ASC, micros ASC, content ASC
        ) AS content_position
    FROM lakehouse.audit.admitted_business_events
    WHERE event_type NOT IN ('SIGNUP', 'ACTIVATION', 'SHARE', 'COMPLETION')
)

SELECT
    ad_events.event_id,
    ad_events.event_time,
    ad_events.user_id,
    ad_events.campaign_id,
    coalesce(ad_events.channel, campaign.channel, 'unknown') AS channel,
    ad_events.region,
    ad_events.event_type,
    CAST(CAST(ad_events.cost_micros AS DECIMAL(38, 0)) * 0.000001 AS DECIMAL(18, 6)) AS cost
FROM ad_events
LEFT JOIN lakehouse.dims.dim_campaigns AS campaign
    ON
        ad_events.campaign_id = campaign.campaign_id
        AND ad_events.event_time >= campaign.start_ts
        AND ad_events.event_time < campaign.end_ts
UNION ALL
SELECT
    event_id,
    event_time,
    user_id,
    campaign_id,
    channel,
    region,
    event_type,
    CAST(0 AS DECIMAL(18, 6)) AS cost
FROM lakehouse.gold.funnel_events
UNION ALL
SELECT
    event_id,
    event_time,
    user_id,
    campaign_id,
    channel,
    region,
    event_type,
    CAST(0 AS DECIMAL(18, 6)) AS cost
FROM business_events
WHERE content_position = 1
