-- gold.funnel_metrics_5m: what users did after the ads, in windows of five minutes by event time.
-- grain: one row per campaign_id, channel, region and window_start
-- readers: analysts, notebooks
-- A window is [window_start, window_end), aligned to 00:00 UTC; without a row nothing happened in it. Events are
-- counted, not users. late_events arrived more than an hour after the end of their window; late or not, each counts.
-- Rates are to be made from sums, never averaged.
WITH filed_events AS (
    SELECT
        campaign_id,
        channel,
        region,
        event_type,
        first_ingest_ts,
        date_trunc('minute', event_time) - INTERVAL '1' MINUTE * (minute(event_time) % 5) AS window_start
    FROM lakehouse.gold.funnel_events
),

windowed_events AS (
    SELECT
        *,
        window_start + INTERVAL '5' MINUTE AS window_end
    FROM filed_events
)

SELECT
    campaign_id,
    channel,
    region,
    window_start,
    window_end,
    count_if(event_type = 'SIGNUP') AS signups,
    count_if(event_type = 'ACTIVATION') AS activations,
    count_if(event_type = 'SHARE') AS shares,
    count_if(event_type = 'COMPLETION') AS completions,
    count_if(first_ingest_ts > window_end + INTERVAL '1' HOUR) AS late_events,
    max(first_ingest_ts) AS last_updated_ts
FROM windowed_events
GROUP BY campaign_id, channel, region, window_start, window_end
