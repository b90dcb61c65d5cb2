-- What is usual of a metric in each window: rate and cases of rates, count of volumes, and how much a rate varies.
-- Grain: that of `alert_windows`, which it reads. All is made of final counts of windows that ended an hour before.
-- A row is a window, and none is left out: so windows of the past are so many rows before.
WITH summed AS (
    SELECT
        *,
        -- Place of a window in its hour, and in its week.
        mod(mod(window_ms, 3600000) + 3600000, 3600000) / 300000 AS place,
        mod(mod(window_ms, 604800000) + 604800000, 604800000) / 300000 AS week_place,
        min(window_ms) OVER (PARTITION BY campaign_id, segment, metric) AS first_ms,
        CAST(
            ROW(sum(final_k) OVER so_far - final_k, sum(final_n) OVER so_far - final_n)
            AS ROW(k BIGINT, n BIGINT)
        ) AS before,
        -- Of windows with cases, in decimals: differences of long sums of doubles would not be exact.
        CAST(
            ROW(
                count_if(final_n > 0) OVER so_far - if(final_n > 0, 1, 0),
                sum(if(final_n > 0, final_k, 0)) OVER so_far - if(final_n > 0, final_k, 0),
                sum(
                    CAST(if(final_n > 0, CAST(final_k AS DOUBLE) * final_k / final_n, 0e0) AS DECIMAL(38, 15))
                ) OVER so_far
                - CAST(if(final_n > 0, CAST(final_k AS DOUBLE) * final_k / final_n, 0e0) AS DECIMAL(38, 15)),
                sum(CAST(if(final_n > 0, final_k / sqrt(final_n), 0e0) AS DECIMAL(38, 15))) OVER so_far
                - CAST(if(final_n > 0, final_k / sqrt(final_n), 0e0) AS DECIMAL(38, 15)),
                sum(CAST(sqrt(final_n) AS DECIMAL(38, 15))) OVER so_far - CAST(sqrt(final_n) AS DECIMAL(38, 15)),
                sum(final_n) OVER so_far - final_n
            )
            AS ROW(
                windows BIGINT,
                k BIGINT,
                k_squares DECIMAL(38, 15),
                k_roots DECIMAL(38, 15),
                n_roots DECIMAL(38, 15),
                n BIGINT
            )
        ) AS spread_before
    FROM alert_windows
    WINDOW so_far AS (
        PARTITION BY campaign_id, segment, metric ORDER BY window_ms ASC ROWS UNBOUNDED PRECEDING
    )
),

looked_back AS (
    SELECT
        *,
        ARRAY[
            lag(before, place + 2016) OVER in_order,
            lag(before, place + 4032) OVER in_order,
            lag(before, place + 6048) OVER in_order,
            lag(before, place + 8064) OVER in_order
        ] AS hour_begins,
        ARRAY[
            lag(before, place + 2004) OVER in_order,
            lag(before, place + 4020) OVER in_order,
            lag(before, place + 6036) OVER in_order,
            lag(before, place + 8052) OVER in_order
        ] AS hour_ends,
        lag(before, 300) OVER in_order AS day_begin,
        lag(before, 12) OVER in_order AS day_end,
        lag(spread_before, 2028) OVER in_order AS spread_begin,
        lag(spread_before, 12) OVER in_order AS spread_end
    FROM summed
    WINDOW in_order AS (PARTITION BY campaign_id, segment, metric ORDER BY window_ms ASC)
),

-- Before the first window there was nothing.
past AS (
    SELECT
        *,
        zip_with(
            hour_begins,
            hour_ends,
            (b, e) -> CAST(
                ROW(coalesce(e.k, 0) - coalesce(b.k, 0), coalesce(e.n, 0) - coalesce(b.n, 0))
                AS ROW(k BIGINT, n BIGINT)
            )
        ) AS hours,
        -- Weeks whose hour ended after the first window.
        CAST(
            least(4, greatest(0, (window_ms - place * 300000 + 3600000 - first_ms - 1) / 604800000)) AS INTEGER
        ) AS known_hours,
        coalesce(looked_back.day_end.k, 0) - coalesce(looked_back.day_begin.k, 0) AS day_k,
        coalesce(looked_back.day_end.n, 0) - coalesce(looked_back.day_begin.n, 0) AS day_n,
        coalesce(looked_back.spread_end.windows, 0) - coalesce(looked_back.spread_begin.windows, 0) AS week_windows,
        CAST(coalesce(looked_back.spread_end.k, 0) - coalesce(looked_back.spread_begin.k, 0) AS DOUBLE) AS week_k,
        CAST(coalesce(looked_back.spread_end.n, 0) - coalesce(looked_back.spread_begin.n, 0) AS DOUBLE) AS week_n,
        CAST(coalesce(looked_back.spread_end.k_squares, 0) - coalesce(looked_back.spread_begin.k_squares, 0) AS DOUBLE)
            AS week_k_squares,
        CAST(coalesce(looked_back.spread_end.k_roots, 0) - coalesce(looked_back.spread_begin.k_roots, 0) AS DOUBLE)
            AS week_k_roots,
        CAST(coalesce(looked_back.spread_end.n_roots, 0) - coalesce(looked_back.spread_begin.n_roots, 0) AS DOUBLE)
            AS week_n_roots
    FROM looked_back
),

sorted AS (
    SELECT
        *,
        week_k / nullif(week_n, 0e0) AS week_rate,
        array_sort(transform(slice(hours, 1, known_hours), hour_count -> hour_count.n)) AS hour_counts,
        array_sort(
            transform(
                filter(hours, hour_count -> hour_count.n > 0),
                hour_count -> CAST(hour_count.k AS DOUBLE) / hour_count.n
            )
        ) AS hour_rates,
        reduce(hours, CAST(0 AS BIGINT), (cases, hour_count) -> cases + hour_count.n, cases -> cases) AS hour_cases
    FROM past
),

-- What is known of a window by itself, as single numbers: rows are kept in memory from here on.
middles AS (
    SELECT
        campaign_id,
        segment_kind,
        segment,
        metric,
        window_ms,
        week_place,
        early_k,
        early_n,
        final_k,
        final_n,
        early_campaigns,
        final_campaigns,
        day_k,
        day_n,
        CASE
            WHEN cardinality(hour_rates) > 0
                THEN CAST(
                    ROW(
                        (
                            hour_rates[(cardinality(hour_rates) + 1) / 2]
                            + hour_rates[cardinality(hour_rates) / 2 + 1]
                        ) / 2e0,
                        hour_cases
                    )
                    AS ROW(rate DOUBLE, cases BIGINT)
                )
        END AS middle,
        CASE
            WHEN cardinality(hour_counts) > 0
                THEN
                    (hour_counts[(cardinality(hour_counts) + 1) / 2] + hour_counts[cardinality(hour_counts) / 2 + 1])
                    / 2e0
                    / 12e0
            ELSE day_n / 288e0
        END AS expected,
        if(cardinality(hour_counts) > 0, 'hour_of_week', 'trailing_24h') AS count_baseline,
        -- Sample variance of (k - n p) / sqrt(n p (1 - p)) over the windows of the week.
        CASE
            WHEN week_windows >= 288 AND week_rate > 0e0 AND week_rate < 1e0
                THEN
                    greatest(
                        1e0,
                        (
                            (week_k_squares - week_k * week_rate)
                            - (week_k_roots - week_rate * week_n_roots) * (week_k_roots - week_rate * week_n_roots)
                            / week_windows
                        ) / (week_rate * (1e0 - week_rate)) / (week_windows - 1)
                    )
            ELSE 1e0
        END AS overdispersion
    FROM sorted
),

-- And of the two windows before.
beside AS (
    SELECT
        *,
        coalesce(lag(early_n, 1) OVER in_order, 0) + coalesce(lag(early_n, 2) OVER in_order, 0) AS early_before,
        coalesce(lag(final_n, 1) OVER in_order, 0) + coalesce(lag(final_n, 2) OVER in_order, 0) AS final_before,
        expected
        + coalesce(lag(expected, 1) OVER in_order, 0e0)
        + coalesce(lag(expected, 2) OVER in_order, 0e0) AS expected_of_three
    FROM middles
    WINDOW in_order AS (PARTITION BY campaign_id, segment, metric ORDER BY window_ms ASC)
),

-- The usual rate goes from week to week.
folded AS (
    SELECT
        *,
        reduce(
            array_agg(middle) OVER (
                PARTITION BY campaign_id, segment, metric, week_place ORDER BY window_ms ASC ROWS UNBOUNDED PRECEDING
            ),
            CAST(NULL AS ROW(rate DOUBLE, cases BIGINT)),
            (usual, week) -> CASE
                WHEN week IS NULL THEN usual
                WHEN usual IS NULL THEN week
                ELSE CAST(ROW(0.2e0 * week.rate + 0.8e0 * usual.rate, week.cases) AS ROW(rate DOUBLE, cases BIGINT))
            END,
            usual -> usual
        ) AS usual_of_hour
    FROM beside
)

SELECT
    folded.campaign_id,
    folded.segment_kind,
    folded.segment,
    folded.metric,
    folded.window_ms,
    folded.early_k,
    folded.early_n,
    folded.final_k,
    folded.final_n,
    folded.early_campaigns,
    folded.final_campaigns,
    CASE
        WHEN folded.usual_of_hour IS NOT NULL THEN folded.usual_of_hour.rate
        WHEN folded.day_n > 0 THEN CAST(folded.day_k AS DOUBLE) / folded.day_n
        ELSE 0e0
    END AS usual_rate,
    coalesce(folded.usual_of_hour.cases, folded.day_n) AS usual_cases,
    if(folded.usual_of_hour IS NULL, 'trailing_24h', 'hour_of_week') AS rate_baseline,
    folded.expected,
    folded.count_baseline,
    folded.early_before,
    folded.final_before,
    folded.expected_of_three,
    folded.overdispersion
FROM folded
