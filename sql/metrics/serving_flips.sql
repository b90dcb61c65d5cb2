-- serving_flips: when the ads of advertisers began and ceased to be served, and why.
-- question: Who was stopped or resumed, when, and by what?
-- grain: one row per flip, newest first; flips counts all of them
-- date basis: effective_at: the moment from which the flag holds
-- readers: API, Metabase
-- param since timestamp = NULL: flips at or after this time; NULL: from the beginning
-- param until timestamp = NULL: flips before this time; NULL: until now
-- param advertiser_id varchar = NULL: one advertiser; NULL: all
-- param cause varchar = NULL: one cause, such as SPEND; NULL: all
-- param most integer = 100: at most so many rows, the newest
-- A time that is not over may be asked for: such flips come if nothing is delivered before.
-- Money is that of the period by what had been delivered then.
WITH ranked AS (
    SELECT
        *,
        count(*) OVER () AS flips,
        row_number() OVER (ORDER BY effective_at DESC, advertiser_id ASC, flip_number DESC) AS place
    FROM gold.serving_flips
    WHERE
        effective_at >= coalesce(
            CAST(:since AS :timestamp_utc), CAST('1970-01-01 00:00:00+00:00' AS :timestamp_utc)
        )
        AND effective_at < coalesce(CAST(:until AS :timestamp_utc), current_timestamp)
        AND advertiser_id = coalesce(CAST(:advertiser_id AS varchar), advertiser_id)
        AND cause = coalesce(CAST(:cause AS varchar), cause)
)

SELECT
    flip_id,
    advertiser_id,
    advertiser,
    effective_at,
    can_serve,
    previous_can_serve,
    cause,
    budget_value,
    period,
    period_start,
    valid_spend,
    net_spend,
    reserve,
    flips
FROM ranked
WHERE place <= :most
ORDER BY place
