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

middles AS (
    SELECT
        *,
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
        END AS middle
    FROM sorted
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
    FROM middles
),

varied AS (
    SELECT
        *,
        week_k / nullif(week_n, 0e0) AS week_rate
    FROM folded
)

SELECT
    varied.campaign_id,
    varied.segment_kind,
    varied.segment,
    varied.metric,
    varied.window_ms,
    varied.early_k,
    varied.early_n,
    varied.final_k,
    varied.final_n,
    CASE
        WHEN varied.usual_of_hour IS NOT NULL THEN usual_of_hour.rate
        WHEN varied.day_n > 0 THEN CAST(varied.day_k AS DOUBLE) / varied.day_n
        ELSE 0e0
    END AS usual_rate,
    coalesce(usual_of_hour.cases, varied.day_n) AS usual_cases,
    if(varied.usual_of_hour IS NULL, 'trailing_24h', 'hour_of_week') AS rate_baseline,
    CASE
        WHEN cardinality(varied.hour_counts) > 0
            THEN
                (
                    varied.hour_counts[(cardinality(varied.hour_counts) + 1) / 2]
                    + varied.hour_counts[cardinality(varied.hour_counts) / 2 + 1]
                )
                / 2e0
                / 12e0
        ELSE varied.day_n / 288e0
    END AS expected,
    if(cardinality(varied.hour_counts) > 0, 'hour_of_week', 'trailing_24h') AS count_baseline,
    -- Sample variance of (k - n p) / sqrt(n p (1 - p)) over the windows of the week.
    CASE
        WHEN varied.week_windows >= 288 AND varied.week_rate > 0e0 AND varied.week_rate < 1e0
            THEN
                greatest(
                    1e0,
                    (
                        (varied.week_k_squares - varied.week_k * varied.week_rate)
                        - (varied.week_k_roots - varied.week_rate * varied.week_n_roots)
                        * (varied.week_k_roots - varied.week_rate * varied.week_n_roots)
                        / varied.week_windows
                    ) / (varied.week_rate * (1e0 - varied.week_rate)) / (varied.week_windows - 1)
                )
        ELSE 1e0
    END AS overdispersion
FROM varied
