-- What the rules of KPI alerts say of each window: two evaluations, of rule B the final one alone.
-- Grain: one row per campaign_id, segment, metric, rule, window and evaluation that says something.
-- Reads a relation `alert_baselines`. Parameters: alert_rules_snapshot, dim_campaigns_snapshot, until_ms.
-- Of rule B neither `fires` nor `recovers` is known yet: both depend on the windows before, by their gains.
WITH rule_rows AS (
    SELECT
        *,
        date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00.000 UTC', valid_from) AS from_ms,
        date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00.000 UTC', valid_to) AS to_ms
    FROM lakehouse.dims.alert_rules FOR VERSION AS OF :alert_rules_snapshot
),

-- A campaign's own rows come first.
rule_sets AS (
    SELECT
        segment AS segment_kind,
        metric,
        rule,
        array_agg(
            CAST(
                ROW(
                    campaign_id,
                    threshold,
                    z,
                    resolve_factor,
                    multiplicity,
                    channels,
                    enabled,
                    rule_version,
                    from_ms,
                    to_ms
                )
                AS ROW(
                    campaign_id VARCHAR,
                    threshold DOUBLE,
                    z DOUBLE,
                    resolve_factor DOUBLE,
                    multiplicity VARCHAR,
                    channels VARCHAR,
                    enabled BOOLEAN,
                    rule_version INTEGER,
                    from_ms BIGINT,
                    to_ms BIGINT
                )
            )
            ORDER BY if(campaign_id IS NULL, 1, 0) ASC, rule_id ASC, rule_version DESC
        ) AS told
    FROM rule_rows
    GROUP BY segment, metric, rule
),

pauses AS (
    SELECT
        campaign_id,
        array_agg(
            CAST(
                ROW(
                    date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00.000 UTC', start_ts),
                    date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00.000 UTC', end_ts)
                )
                AS ROW(start_ms BIGINT, end_ms BIGINT)
            )
        ) AS spans
    FROM lakehouse.dims.dim_campaigns FOR VERSION AS OF :dim_campaigns_snapshot
    WHERE status <> 'ACTIVE'
    GROUP BY campaign_id
),

ruled AS (
    SELECT
        alert_baselines.*,
        rule_sets.rule,
        coalesce(
            any_match(
                pauses.spans,
                pause -> pause.start_ms < alert_baselines.window_ms + 300000
                AND pause.end_ms > alert_baselines.window_ms
            ),
            FALSE
        ) AS is_paused,
        element_at(
            filter(
                rule_sets.told,
                one
                -> (one.campaign_id IS NULL OR one.campaign_id = alert_baselines.campaign_id)
                AND one.from_ms <= alert_baselines.window_ms
                AND alert_baselines.window_ms < one.to_ms
            ),
            1
        ) AS in_force,
        ARRAY[
            ROW(
                'early',
                360000,
                alert_baselines.early_k,
                alert_baselines.early_n,
                alert_baselines.early_campaigns,
                alert_baselines.early_before
            ),
            ROW(
                'final',
                3900000,
                alert_baselines.final_k,
                alert_baselines.final_n,
                alert_baselines.final_campaigns,
                alert_baselines.final_before
            )
        ] AS evaluations
    FROM alert_baselines
    INNER JOIN rule_sets
        ON
            alert_baselines.segment_kind = rule_sets.segment_kind
            AND alert_baselines.metric = rule_sets.metric
    LEFT JOIN pauses
        ON alert_baselines.campaign_id = pauses.campaign_id
),

evaluated AS (
    SELECT
        ruled.*,
        ruled.in_force.threshold AS said_threshold,
        coalesce(ruled.in_force.z, 2.326e0) AS said_z,
        coalesce(ruled.in_force.resolve_factor, 1.1e0) AS factor,
        ruled.in_force.multiplicity AS said_multiplicity,
        ruled.in_force.channels AS told_channels,
        ruled.in_force.rule_version AS said_version,
        seen.evaluation,
        ruled.window_ms + seen.after_ms AS cutoff_ms,
        seen.k,
        seen.n,
        CAST(seen.k AS DOUBLE) / nullif(CAST(seen.n AS DOUBLE), 0e0) AS rate,
        seen.campaigns,
        seen.count_before
    FROM ruled
    CROSS JOIN UNNEST(ruled.evaluations) AS seen (evaluation, after_ms, k, n, campaigns, count_before)
    WHERE
        ruled.in_force.enabled
        AND CASE ruled.rule
            WHEN 'A' THEN seen.n > 0 AND ruled.in_force.threshold IS NOT NULL
            WHEN
                'B'
                THEN
                    seen.evaluation = 'final'
                    AND seen.n > 0
                    AND ruled.usual_cases >= 1000
                    AND ruled.usual_rate > 0e0
                    AND ruled.usual_rate < 1e0
            WHEN 'E' THEN NOT ruled.is_paused AND ruled.in_force.threshold IS NOT NULL
            ELSE NOT ruled.is_paused
        END
),

normal AS (
    SELECT
        *,
        sqrt(overdispersion) * CASE said_multiplicity
            WHEN 'bonferroni' THEN inverse_normal_cdf(0e0, 1e0, 1e0 - 0.01e0 / greatest(1, campaigns))
            ELSE said_z
        END AS z
    FROM evaluated
    WHERE cutoff_ms <= :until_ms
),

bounds AS (
    SELECT
        *,
        CASE
            WHEN rule = 'A' AND k < n
                THEN
                    (rate + z * z / (2 * n) + z * sqrt(rate * (1e0 - rate) / n + z * z / (4e0 * n * n)))
                    / (1e0 + z * z / n)
            -- P(X <= k) of a Poisson number, from its last term down: each is half of the one before it at most. With
            -- more than 5,000 events, of twice as many that were expected, all of them are nought.
            WHEN rule = 'C' AND k BETWEEN 1 AND 5000 AND k <= 0.5e0 * expected
                THEN reduce(
                    sequence(0, least(k, 70)),
                    CAST(
                        ROW(
                            0e0,
                            exp(
                                k * ln(expected)
                                - expected
                                - reduce(sequence(1, k), 0e0, (total, i) -> total + ln(i), total -> total)
                            )
                        )
                        AS ROW(total DOUBLE, term DOUBLE)
                    ),
                    (s, i) -> CAST(
                        ROW(s.total + s.term, s.term * (k - i) / expected) AS ROW(total DOUBLE, term DOUBLE)
                    ),
                    s -> s.total
                )
            WHEN rule = 'C' AND k > 5000 AND k <= 0.5e0 * expected THEN 0e0
            WHEN rule = 'D' AND k = 0
                THEN exp(-greatest(expected, if(count_before = 0, expected_of_three, 0e0)))
        END AS bound
    FROM normal
)

SELECT
    campaign_id,
    segment,
    metric,
    rule,
    window_ms,
    evaluation,
    cutoff_ms,
    k,
    n,
    if(rule IN ('A', 'B'), rate, CAST(k AS DOUBLE)) AS value,
    CASE
        WHEN rule IN ('A', 'E') THEN said_threshold
        WHEN rule = 'B' THEN usual_rate * 0.5e0
        ELSE expected
    END AS threshold,
    bound,
    CASE
        WHEN rule IN ('A', 'E') THEN ''
        WHEN rule = 'B' THEN rate_baseline
        ELSE count_baseline
    END AS baseline_kind,
    CASE rule
        WHEN 'A' THEN coalesce(bound < said_threshold, FALSE)
        WHEN 'C' THEN coalesce(bound < 1e-6, FALSE)
        WHEN 'D' THEN coalesce(bound < 1e-6, FALSE)
        WHEN 'E' THEN k < said_threshold
    END AS fires,
    CASE rule
        WHEN 'A' THEN rate >= factor * said_threshold
        WHEN 'C' THEN k >= 0.8e0 * expected
        WHEN 'D' THEN k > 0
        WHEN 'E' THEN k >= factor * said_threshold
    END AS recovers,
    -- What S of the CUSUM gains; of rule B alone.
    CASE
        WHEN rule = 'B'
            THEN
                least(k, n) * ln(usual_rate * 0.5e0 / usual_rate)
                + (n - least(k, n)) * ln((1e0 - usual_rate * 0.5e0) / (1e0 - usual_rate))
    END AS gain,
    said_version AS rule_version,
    told_channels AS channels
FROM bounds
