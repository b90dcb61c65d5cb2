-- Incidents from the verdicts of a key, each with its alerts; a key is a campaign, segment, metric and rule.
-- Grain: one row per incident. Reads a relation `alert_verdicts`.
-- Verdicts are taken in the order of their cutoffs, of which no two of a key are equal.
-- include json_text: text = member
WITH told AS (
    SELECT
        *,
        evaluation = 'early' AS is_early,
        coalesce(bool_or(fires AND evaluation = 'early') OVER of_window, FALSE) AS early_fires,
        min(if(evaluation = 'final' AND NOT fires, cutoff_ms)) OVER of_window AS withdrawn_ms,
        -- Of a key in which nothing can have fired no more is asked.
        bool_or(coalesce(fires, FALSE)) OVER of_key AS has_fired,
        sum(greatest(gain, 0e0)) OVER of_key AS gains
    FROM alert_verdicts
    WINDOW
        of_key AS (PARTITION BY campaign_id, segment, metric, rule),
        of_window AS (PARTITION BY campaign_id, segment, metric, rule, window_ms)
),

collected AS (
    SELECT
        campaign_id,
        segment,
        metric,
        rule,
        array_agg(
            CAST(
                ROW(
                    window_ms,
                    is_early,
                    cutoff_ms,
                    fires,
                    recovers,
                    gain,
                    early_fires,
                    if(is_early, withdrawn_ms),
                    value,
                    threshold,
                    k,
                    n,
                    bound,
                    baseline_kind,
                    rule_version,
                    channels
                )
                AS ROW(
                    window_ms BIGINT,
                    is_early BOOLEAN,
                    cutoff_ms BIGINT,
                    fires BOOLEAN,
                    recovers BOOLEAN,
                    gain DOUBLE,
                    early_fires BOOLEAN,
                    withdrawn_ms BIGINT,
                    value DOUBLE,
                    threshold DOUBLE,
                    k BIGINT,
                    n BIGINT,
                    bound DOUBLE,
                    baseline_kind VARCHAR,
                    rule_version INTEGER,
                    channels VARCHAR
                )
            )
            ORDER BY cutoff_ms ASC
        ) AS verdicts
    FROM told
    WHERE has_fired OR gains > 9.99e0
    GROUP BY campaign_id, segment, metric, rule
),

-- s: of the CUSUM, 0 for all other rules. opened_ms: cutoff of the alert that opened an incident, NULL: none is open.
-- live: its alerts that were not withdrawn. well: windows in a row that look well. spans: of the incidents that ended,
-- cutoffs of opening and closing, and 1 for a withdrawn one. fired_ms, fired_sums: cutoffs at which B fired, and S.
folded AS (
    SELECT
        campaign_id,
        segment,
        metric,
        rule,
        verdicts,
        reduce(
            verdicts,
            CAST(
                ROW(0e0, NULL, 0, 0, ARRAY[], ARRAY[], ARRAY[])
                AS ROW(
                    s DOUBLE,
                    opened_ms BIGINT,
                    live BIGINT,
                    well BIGINT,
                    spans ARRAY(ARRAY(BIGINT)),
                    fired_ms ARRAY(BIGINT),
                    fired_sums ARRAY(DOUBLE)
                )
            ),
            (state, one) -> CAST(
                CASE
                    WHEN rule = 'B' AND state.s + one.gain >= 10e0
                        THEN ROW(
                            0e0,
                            coalesce(state.opened_ms, one.cutoff_ms),
                            if(state.opened_ms IS NULL, 1, state.live + 1),
                            0,
                            state.spans,
                            state.fired_ms || one.cutoff_ms,
                            state.fired_sums || (state.s + one.gain)
                        )
                    -- It fires, and not to confirm what has fired.
                    WHEN one.fires AND (one.is_early OR NOT one.early_fires)
                        THEN ROW(
                            0e0,
                            coalesce(state.opened_ms, one.cutoff_ms),
                            if(state.opened_ms IS NULL, 1, state.live + 1),
                            if(state.opened_ms IS NULL OR one.is_early, 0, state.well),
                            state.spans,
                            state.fired_ms,
                            state.fired_sums
                        )
                    -- The final evaluation withdraws an alert of the incident that is open.
                    WHEN
                        NOT one.is_early
                        AND one.early_fires
                        AND NOT one.fires
                        AND state.opened_ms <= one.window_ms + 360000
                        THEN ROW(
                            0e0,
                            if(state.live > 1, state.opened_ms),
                            state.live - 1,
                            state.well,
                            if(
                                state.live > 1,
                                state.spans,
                                state.spans || ARRAY[ARRAY[state.opened_ms, one.cutoff_ms, 1]]
                            ),
                            state.fired_ms,
                            state.fired_sums
                        )
                    -- What did not fire may look well; of rule B final verdicts say so, of the others early ones.
                    WHEN (one.is_early OR rule = 'B') AND if(rule = 'B', state.s + one.gain <= 0e0, one.recovers)
                        THEN ROW(
                            0e0,
                            if(state.well + 1 < if(rule = 'D', 1, 3), state.opened_ms),
                            state.live,
                            state.well + 1,
                            if(
                                state.opened_ms IS NULL OR state.well + 1 < if(rule = 'D', 1, 3),
                                state.spans,
                                state.spans || ARRAY[ARRAY[state.opened_ms, one.cutoff_ms, 0]]
                            ),
                            state.fired_ms,
                            state.fired_sums
                        )
                    WHEN one.is_early OR rule = 'B'
                        THEN ROW(
                            coalesce(state.s + one.gain, 0e0),
                            state.opened_ms,
                            state.live,
                            0,
                            state.spans,
                            state.fired_ms,
                            state.fired_sums
                        )
                    ELSE ROW(
                        state.s,
                        state.opened_ms,
                        state.live,
                        state.well,
                        state.spans,
                        state.fired_ms,
                        state.fired_sums
                    )
                END
                AS ROW(
                    s DOUBLE,
                    opened_ms BIGINT,
                    live BIGINT,
                    well BIGINT,
                    spans ARRAY(ARRAY(BIGINT)),
                    fired_ms ARRAY(BIGINT),
                    fired_sums ARRAY(DOUBLE)
                )
            ),
            state -> state
        ) AS came_to
    FROM collected
),

incidents AS (
    SELECT
        folded.*,
        if(
            folded.came_to.opened_ms IS NULL,
            folded.came_to.spans,
            folded.came_to.spans || ARRAY[ARRAY[folded.came_to.opened_ms, NULL, NULL]]
        ) AS spans,
        filter(
            folded.verdicts,
            one -> if(
                folded.rule = 'B',
                contains(folded.came_to.fired_ms, one.cutoff_ms),
                one.fires AND (one.is_early OR NOT one.early_fires)
            )
        ) AS fired
    FROM folded
),

placed AS (
    SELECT
        incidents.campaign_id,
        incidents.segment,
        incidents.metric,
        incidents.rule,
        incidents.verdicts,
        map(incidents.came_to.fired_ms, incidents.came_to.fired_sums) AS fired_sums,
        one_of.span[1] AS opened_ms,
        one_of.span[2] AS closed_ms,
        CASE one_of.span[3] WHEN 0 THEN 'resolved' WHEN 1 THEN 'withdrawn' ELSE 'open' END AS state,
        -- Up to the beginning of the next one: also what fired and has not opened another.
        filter(
            incidents.fired,
            one -> one.cutoff_ms >= one_of.span[1]
            AND none_match(incidents.spans, other -> other[1] > one_of.span[1] AND other[1] <= one.cutoff_ms)
        ) AS alerts
    FROM incidents
    CROSS JOIN UNNEST(incidents.spans) AS one_of (span)
)

SELECT
    campaign_id,
    segment,
    metric,
    rule,
    fired_sums,
    opened_ms,
    closed_ms,
    state,
    alerts,
    element_at(filter(alerts, one -> one.cutoff_ms = placed.opened_ms), 1) AS opening,
    element_at(filter(verdicts, one -> one.cutoff_ms = placed.closed_ms), 1) AS closing,
    -- Alerts that were not withdrawn while it was open, by window.
    array_sort(
        filter(
            alerts,
            one -> one.withdrawn_ms IS NULL OR one.withdrawn_ms > coalesce(placed.closed_ms, one.withdrawn_ms)
        ),
        (one, other) -> if(one.window_ms < other.window_ms, -1, if(one.window_ms > other.window_ms, 1, 0))
    ) AS live,
    '[' || array_join(
        transform(
            ARRAY[campaign_id, segment],
            member -> :json_text
        ),
        ','
    ) || ',"' || metric || '",' AS key_text
FROM placed
