-- alert_series: the metric of an incident by windows of five minutes, with the windows in which its rule fired.
-- question: What did the metric do before, during and after an incident?
-- grain: one row per window around the incident, also those in which nothing happened; at most 2,016 (a week)
-- date basis: window_start; late events change their own window at any age
-- readers: dashboard (Alerts), Metabase, analysts
-- param incident_id varchar = NULL: which incident; NULL: the one that opened last
-- param hours integer = 3: so long before its first window and after its last one
-- include kpi_sums
-- include kpi_ratios
-- measured: by all that has arrived since. fired_value, sample_k, sample_n, bound: as they were when the rule fired,
-- NULL where it did not. threshold: that of the last alert up to the window, before the first one that of the first.
WITH ranked_incidents AS (
    SELECT
        *,
        row_number() OVER (ORDER BY opened_at DESC, incident_id ASC) AS place
    FROM gold.alert_incidents
    WHERE incident_id = coalesce(CAST(:incident_id AS varchar), incident_id)
),

incidents AS (
    SELECT
        incident_id,
        campaign_id,
        segment,
        metric,
        rule,
        opening_threshold,
        date_add('hour', -CAST(:hours AS bigint), first_window_start) AS wanted_from,
        greatest(
            last_window_start,
            least(
                date_add('hour', CAST(:hours AS bigint), coalesce(closing_window_start, last_window_start)),
                date_add('minute', -(minute(current_timestamp) % 5), date_trunc('minute', current_timestamp))
            )
        ) AS shown_until
    FROM ranked_incidents
    WHERE place = 1
),

spans AS (
    SELECT
        *,
        greatest(wanted_from, date_add('minute', -5 * 2015, shown_until)) AS shown_from
    FROM incidents
),

windows AS (
    SELECT
        spans.*,
        date_add('minute', 5 * numbers.number, spans.shown_from) AS window_start
    FROM spans
    CROSS JOIN UNNEST(sequence(0, 2015)) AS numbers (number)
    WHERE date_add('minute', 5 * numbers.number, spans.shown_from) <= spans.shown_until
),

funnels AS (
    SELECT funnel.*
    FROM gold.campaign_funnel_5m AS funnel
    INNER JOIN spans
        ON
            funnel.campaign_id = spans.campaign_id
            AND funnel.window_start >= spans.shown_from
            AND funnel.window_start <= spans.shown_until
            AND spans.segment IN ('all', 'channel=' || funnel.channel, 'region=' || funnel.region)
),

counts AS (
    SELECT
        window_start,
        :kpi_sums
    FROM funnels
    GROUP BY window_start
),

rates AS (
    SELECT
        window_start,
        CAST(impressions AS decimal(38, 9)) AS impressions,
        CAST(clicks AS decimal(38, 9)) AS clicks,
        CAST(conversions AS decimal(38, 9)) AS conversions,
        :kpi_ratios
    FROM counts
),

measurements AS (
    SELECT
        windows.*,
        CASE windows.metric
            WHEN 'ctr' THEN rates.ctr
            WHEN 'cvr' THEN rates.cvr
            WHEN 'click_to_signup' THEN rates.click_to_signup
            WHEN 'signup_to_activation' THEN rates.signup_to_activation
            WHEN 'share_rate' THEN rates.share_rate
            WHEN 'completion_rate' THEN rates.completion_rate
            WHEN 'impressions' THEN coalesce(rates.impressions, 0)
            WHEN 'clicks' THEN coalesce(rates.clicks, 0)
            WHEN 'conversions' THEN coalesce(rates.conversions, 0)
        END AS measured
    FROM windows
    LEFT JOIN rates ON windows.window_start = rates.window_start
)

SELECT
    measurements.incident_id,
    measurements.campaign_id,
    measurements.segment,
    measurements.metric,
    measurements.rule,
    measurements.window_start,
    measurements.measured,
    coalesce(
        last_value(alert.threshold) IGNORE NULLS OVER (
            ORDER BY measurements.window_start ASC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ),
        measurements.opening_threshold
    ) AS threshold,
    alert.status,
    alert.value AS fired_value,
    alert.bound,
    alert.sample_k,
    alert.sample_n,
    alert.evaluation
FROM measurements
LEFT JOIN gold.alerts_log AS alert
    ON
        measurements.incident_id = alert.incident_id
        AND measurements.window_start = alert.window_start
ORDER BY measurements.window_start ASC
