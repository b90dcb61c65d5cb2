-- lag_distribution: how attributed conversions spread over the time since their click or impression.
-- question: How soon after the click, or after the impression, do conversions come?
-- grain: one row per band of the lag, shortest first, also bands without a conversion
-- date basis: impression time; the last 7 days are provisional
-- readers: analysts, Metabase
-- param lag_from click|impression = click: where the lag begins; click: the credited one
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- include time_range: moment = impression_time
-- A band ends with its bound: a lag of one minute exactly is within '1 minute'. The lookback is measured from the
-- click, so no lag from it is longer than the lookback; from the impression it may be.
WITH bands AS (
    SELECT
        listed.band_number,
        listed.band,
        listed.up_to_ms,
        lag(listed.up_to_ms) OVER (ORDER BY listed.band_number) AS above_ms
    FROM
        UNNEST(
            ARRAY[
                '1 minute', '10 minutes', '1 hour', '6 hours', '1 day', '2 days', '3 days', '4 days', '5 days',
                '6 days', '7 days', 'longer'
            ],
            ARRAY[
                60000, 600000, 3600000, 21600000, 86400000, 172800000, 259200000, 345600000, 432000000, 518400000,
                604800000, NULL
            ]
        ) WITH ORDINALITY AS listed (band, up_to_ms, band_number)
),

lags AS (
    SELECT
        date_diff(
            'millisecond',
            CASE CAST(:lag_from AS varchar) WHEN 'impression' THEN impression_time ELSE click_time END,
            conversion_time
        ) AS lag_ms,
        revenue
    FROM gold.ad_performance_state
    WHERE
        is_converted
        AND engaged
        AND impression_time IS NOT NULL
        AND :time_range
        AND campaign_id = coalesce(CAST(:campaign_id AS varchar), campaign_id)
),

band_totals AS (
    SELECT
        bands.band_number,
        bands.band,
        count(lags.lag_ms) AS conversions,
        coalesce(sum(lags.revenue), 0) AS revenue
    FROM bands
    LEFT JOIN lags
        ON
            lags.lag_ms > coalesce(bands.above_ms, lags.lag_ms - 1)
            AND lags.lag_ms <= coalesce(bands.up_to_ms, lags.lag_ms)
    GROUP BY bands.band_number, bands.band
)

SELECT
    band_number,
    band,
    conversions,
    revenue,
    CAST(conversions AS decimal(38, 9)) / nullif(sum(conversions) OVER (), 0) AS share_of_conversions,
    CAST(sum(conversions) OVER (ORDER BY band_number) AS decimal(38, 9))
    / nullif(sum(conversions) OVER (), 0) AS share_up_to
FROM band_totals
ORDER BY band_number
