-- What the rules of KPI alerts see: of each window the early and the final counts of a metric, k of n.
-- Grain: one row per campaign_id, segment, metric and window, from the first one with events until four weeks after the
-- last one, also without events, as far as the topics have been read. Of a volume k and n are its count. Only campaigns
-- of one slice are there: rules look at one campaign, but for `bonferroni`, which asks how many there are.
-- An ad event whose channel is unknown has that of its campaign's version in force when the window began.
-- Parameters: slice_count, slice, rollup_5m_snapshot, funnel_events_snapshot, dim_campaigns_snapshot,
-- alert_rules_snapshot, until_ms.
WITH ad_windows AS (
    SELECT
        sums.campaign_id,
        CASE WHEN sums.channel = 'unknown' THEN coalesce(campaign.channel, 'unknown') ELSE sums.channel END AS channel,
        sums.region,
        date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00.000 UTC', sums.window_start) AS window_ms,
        sums.early_impressions,
        sums.early_clicks,
        sums.early_conversions,
        CAST(0 AS BIGINT) AS early_signups,
        CAST(0 AS BIGINT) AS early_activations,
        CAST(0 AS BIGINT) AS early_shares,
        CAST(0 AS BIGINT) AS early_completions,
        sums.impressions - sums.late_impressions AS final_impressions,
        sums.clicks - sums.late_clicks AS final_clicks,
        sums.conversions - sums.late_conversions AS final_conversions,
        CAST(0 AS BIGINT) AS final_signups,
        CAST(0 AS BIGINT) AS final_activations,
        CAST(0 AS BIGINT) AS final_shares,
        CAST(0 AS BIGINT) AS final_completions
    FROM lakehouse.gold.rollup_5m FOR VERSION AS OF :rollup_5m_snapshot AS sums
    LEFT JOIN lakehouse.dims.dim_campaigns FOR VERSION AS OF :dim_campaigns_snapshot AS campaign
        ON
            sums.campaign_id = campaign.campaign_id
            AND sums.window_start >= campaign.start_ts
            AND sums.window_start < campaign.end_ts
),

funnel_times AS (
    SELECT
        campaign_id,
        channel,
        region,
        event_type,
        date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00.000 UTC', event_time) AS ts_ms,
        date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00.000 UTC', first_ingest_ts) AS arrived_ms
    FROM lakehouse.gold.funnel_events FOR VERSION AS OF :funnel_events_snapshot
),

funnel_windows AS (
    SELECT
        *,
        -- The remainder takes the sign of the time: also before 1970 a window begins before its events.
        ts_ms - mod(mod(ts_ms, 300000) + 300000, 300000) AS window_ms
    FROM funnel_times
),

funnel_in_time AS (
    SELECT
        *,
        arrived_ms - window_ms <= 360000 AS is_early
    FROM funnel_windows
    WHERE arrived_ms - window_ms <= 3900000
),

placed AS (
    SELECT *
    FROM ad_windows
    UNION ALL
    SELECT
        campaign_id,
        channel,
        region,
        window_ms,
        CAST(0 AS BIGINT) AS early_impressions,
        CAST(0 AS BIGINT) AS early_clicks,
        CAST(0 AS BIGINT) AS early_conversions,
        CAST(if(event_type = 'SIGNUP' AND is_early, 1, 0) AS BIGINT) AS early_signups,
        CAST(if(event_type = 'ACTIVATION' AND is_early, 1, 0) AS BIGINT) AS early_activations,
        CAST(if(event_type = 'SHARE' AND is_early, 1, 0) AS BIGINT) AS early_shares,
        CAST(if(event_type = 'COMPLETION' AND is_early, 1, 0) AS BIGINT) AS early_completions,
        CAST(0 AS BIGINT) AS final_impressions,
        CAST(0 AS BIGINT) AS final_clicks,
        CAST(0 AS BIGINT) AS final_conversions,
        CAST(if(event_type = 'SIGNUP', 1, 0) AS BIGINT) AS final_signups,
        CAST(if(event_type = 'ACTIVATION', 1, 0) AS BIGINT) AS final_activations,
        CAST(if(event_type = 'SHARE', 1, 0) AS BIGINT) AS final_shares,
        CAST(if(event_type = 'COMPLETION', 1, 0) AS BIGINT) AS final_completions
    FROM funnel_in_time
),

rule_subjects AS (
    SELECT DISTINCT
        segment,
        metric
    FROM lakehouse.dims.alert_rules FOR VERSION AS OF :alert_rules_snapshot
    WHERE enabled
),

rule_segments AS (
    SELECT
        segment AS segment_kind,
        array_agg(metric) AS metrics
    FROM rule_subjects
    GROUP BY segment
),

in_segments AS (
    SELECT
        placed.*,
        rule_segments.segment_kind,
        rule_segments.metrics,
        CASE rule_segments.segment_kind
            WHEN 'channel' THEN 'channel=' || placed.channel
            WHEN 'region' THEN 'region=' || placed.region
            ELSE 'all'
        END AS segment
    FROM placed
    CROSS JOIN rule_segments
    WHERE placed.campaign_id <> 'unknown'
),

summed AS (
    SELECT
        campaign_id,
        segment_kind,
        segment,
        metrics,
        window_ms,
        CAST(sum(early_impressions) AS BIGINT) AS early_impressions,
        CAST(sum(early_clicks) AS BIGINT) AS early_clicks,
        CAST(sum(early_conversions) AS BIGINT) AS early_conversions,
        CAST(sum(early_signups) AS BIGINT) AS early_signups,
        CAST(sum(early_activations) AS BIGINT) AS early_activations,
        CAST(sum(early_shares) AS BIGINT) AS early_shares,
        CAST(sum(early_completions) AS BIGINT) AS early_completions,
        CAST(sum(final_impressions) AS BIGINT) AS final_impressions,
        CAST(sum(final_clicks) AS BIGINT) AS final_clicks,
        CAST(sum(final_conversions) AS BIGINT) AS final_conversions,
        CAST(sum(final_signups) AS BIGINT) AS final_signups,
        CAST(sum(final_activations) AS BIGINT) AS final_activations,
        CAST(sum(final_shares) AS BIGINT) AS final_shares,
        CAST(sum(final_completions) AS BIGINT) AS final_completions
    FROM in_segments
    GROUP BY campaign_id, segment_kind, segment, metrics, window_ms
    HAVING
        sum(final_impressions)
        + sum(final_clicks)
        + sum(final_conversions)
        + sum(final_signups)
        + sum(final_activations)
        + sum(final_shares)
        + sum(final_completions) > 0
),

measured AS (
    SELECT
        campaign_id,
        segment_kind,
        segment,
        metrics,
        window_ms,
        ARRAY[
            ROW('ctr', early_clicks, early_impressions, final_clicks, final_impressions),
            ROW('cvr', early_conversions, early_clicks, final_conversions, final_clicks),
            ROW('click_to_signup', early_signups, early_clicks, final_signups, final_clicks),
            ROW('signup_to_activation', early_activations, early_signups, final_activations, final_signups),
            ROW('share_rate', early_shares, early_impressions, final_shares, final_impressions),
            ROW('completion_rate', early_completions, early_impressions, final_completions, final_impressions),
            ROW('impressions', early_impressions, early_impressions, final_impressions, final_impressions),
            ROW('clicks', early_clicks, early_clicks, final_clicks, final_clicks),
            ROW('conversions', early_conversions, early_conversions, final_conversions, final_conversions)
        ] AS counts_by_metric
    FROM summed
),

shared_subjects AS (
    SELECT DISTINCT
        segment AS segment_kind,
        metric
    FROM lakehouse.dims.alert_rules FOR VERSION AS OF :alert_rules_snapshot
    WHERE enabled AND multiplicity = 'bonferroni'
),

together AS (
    SELECT
        measured.segment,
        measured.window_ms,
        counts.metric,
        count_if(counts.early_n > 0) AS early_campaigns,
        count_if(counts.final_n > 0) AS final_campaigns
    FROM measured
    CROSS JOIN UNNEST(measured.counts_by_metric) AS counts (metric, early_k, early_n, final_k, final_n)
    INNER JOIN shared_subjects
        ON
            measured.segment_kind = shared_subjects.segment_kind
            AND counts.metric = shared_subjects.metric
    GROUP BY measured.segment, measured.window_ms, counts.metric
),

-- Up to where the windows after this one are without events; the one after the last one is never reached.
until_next AS (
    SELECT
        *,
        least(
            lead(window_ms, 1, window_ms + 2419200000 + 300000)
                OVER (PARTITION BY campaign_id, segment ORDER BY window_ms),
            :until_ms - 60000 - 300000 + 1
        ) AS next_ms
    FROM measured
    WHERE mod(crc32(to_utf8(campaign_id)), :slice_count) = :slice
),

counted AS (
    SELECT
        until_next.campaign_id,
        until_next.segment_kind,
        until_next.segment,
        until_next.window_ms,
        until_next.next_ms,
        counts.*
    FROM until_next
    CROSS JOIN UNNEST(until_next.counts_by_metric) AS counts (metric, early_k, early_n, final_k, final_n)
    WHERE contains(until_next.metrics, counts.metric)
),

beside AS (
    SELECT
        counted.*,
        coalesce(together.early_campaigns, 0) AS early_campaigns,
        coalesce(together.final_campaigns, 0) AS final_campaigns
    FROM counted
    LEFT JOIN together
        ON
            counted.segment = together.segment
            AND counted.metric = together.metric
            AND counted.window_ms = together.window_ms
)

-- Days, and the windows of each: a sequence has 10,000 members at most.
SELECT
    beside.campaign_id,
    beside.segment_kind,
    beside.segment,
    beside.metric,
    beside.window_ms + days.day_number * 86400000 + windows.window_number * 300000 AS window_ms,
    if(days.day_number + windows.window_number = 0, beside.early_k, 0) AS early_k,
    if(days.day_number + windows.window_number = 0, beside.early_n, 0) AS early_n,
    if(days.day_number + windows.window_number = 0, beside.final_k, 0) AS final_k,
    if(days.day_number + windows.window_number = 0, beside.final_n, 0) AS final_n,
    beside.early_campaigns,
    beside.final_campaigns
FROM beside
CROSS JOIN
    UNNEST(sequence(0, greatest(0, (beside.next_ms - beside.window_ms - 1) / 86400000))) AS days (day_number)
CROSS JOIN
    UNNEST(
        sequence(
            0,
            greatest(0, least(287, (beside.next_ms - beside.window_ms - days.day_number * 86400000 - 1) / 300000))
        )
    ) AS windows (window_number)
WHERE beside.window_ms + days.day_number * 86400000 + windows.window_number * 300000 < beside.next_ms
