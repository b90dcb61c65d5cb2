-- reserves: what is kept back of the budgets of advertisers at :as_of (NULL: now); a relation.
-- One row per advertiser of whom a click arrived in the last 127 whole minutes; of the others nothing is kept back.
-- Parameter: advertiser_id, one advertiser; NULL: all.
-- include minute_now
-- include rate_weights
-- include kept_back: weighed = weighed
-- As budgets/account.py has it: what the deliveries of a whole minute brought to gross spend weighs 0.8^age / 5 in the
-- rate of spending, and 60 seconds of that rate are kept back, but no more than the largest budget there can be. A
-- smaller content of a known click brings less than nothing. Contents of one time and one amount bring nothing, so no
-- other field of theirs is read.
-- First the clicks that arrived in time, by bounds that skip old files; then all that was ever told of those clicks.
WITH recent AS (
    SELECT DISTINCT
        advertiser_id,
        counted_id
    FROM gold.account_contents
    WHERE
        event_type = 'AD_CLICK'
        AND advertiser_id = coalesce(CAST(:advertiser_id AS VARCHAR), advertiser_id)
        AND ingest_ms >= 60000 * (:minute_now - 127)
        AND ingest_ms < 60000 * :minute_now
),

-- All that came before is one minute: what it brought weighs nothing.
told AS (
    SELECT
        advertiser_id,
        counted_id,
        ts_ms,
        micros,
        greatest(ingest_ms / 60000, :minute_now - 128) AS minute
    FROM gold.account_contents
    WHERE
        event_type = 'AD_CLICK'
        AND advertiser_id = coalesce(CAST(:advertiser_id AS VARCHAR), advertiser_id)
        AND ingest_ms < 60000 * :minute_now
),

contents AS (
    SELECT
        told.advertiser_id,
        told.counted_id,
        told.minute,
        min(ROW(told.ts_ms, told.micros)) AS smallest
    FROM told
    INNER JOIN recent ON told.advertiser_id = recent.advertiser_id AND told.counted_id = recent.counted_id
    GROUP BY told.advertiser_id, told.counted_id, told.minute
),

held AS (
    SELECT
        advertiser_id,
        minute,
        min(smallest) OVER (
            PARTITION BY advertiser_id, counted_id
            ORDER BY minute ASC
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS content,
        min(smallest) OVER (
            PARTITION BY advertiser_id, counted_id
            ORDER BY minute ASC
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS content_before
    FROM contents
),

minutes AS (
    SELECT
        advertiser_id,
        CAST(:minute_now - minute AS INTEGER) AS age,
        sum(CAST(content[2] AS DECIMAL(38, 0)) - coalesce(content_before[2], 0)) AS brought
    FROM held
    WHERE minute >= :minute_now - 127
    GROUP BY advertiser_id, minute
),

weighing AS (
    SELECT :rate_weights AS weights
),

rates AS (
    SELECT
        minutes.advertiser_id,
        sum(minutes.brought * element_at(weighing.weights, minutes.age)) AS weighed
    FROM minutes
    CROSS JOIN weighing
    GROUP BY minutes.advertiser_id
),

kept_back AS (
    SELECT
        advertiser_id,
        :kept_back AS micros
    FROM rates
)

SELECT
    advertiser_id,
    CAST(micros / 1000000.000000 AS DECIMAL(18, 6)) AS reserve
FROM kept_back
