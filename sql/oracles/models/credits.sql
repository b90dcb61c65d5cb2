-- What each touch gets of each attributed conversion under each model; per conversion the sum is its value.
-- Grain: one row per model, conversion_id and touch (impression_id); some are of 0 micros.
-- Parts are rounded down to micros; what is left goes, one micro each, to the largest remainders, of equal
-- ones to the earlier in the path: first among the claims of a path, then among the touches of a claim.
-- Reads the relation `weighted_steps`, once: the touches of a claim carry what the claim has as a whole.
WITH claimed_steps AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY model, conversion_id, claim ORDER BY place ASC) AS turn,
        count(*) OVER (PARTITION BY model, conversion_id, claim) AS turns
    FROM weighted_steps
),

weighed_claims AS (
    SELECT
        *,
        micros * weight AS scaled_part,
        sum(CASE WHEN turn = 1 THEN weight END) OVER (PARTITION BY model, conversion_id) AS path_weight
    FROM claimed_steps
),

rounded_claims AS (
    SELECT
        *,
        scaled_part % path_weight AS remainder,
        (scaled_part - scaled_part % path_weight) / path_weight AS rounded_part
    FROM weighed_claims
),

ranked_claims AS (
    SELECT
        *,
        micros - sum(CASE WHEN turn = 1 THEN rounded_part END) OVER (PARTITION BY model, conversion_id) AS left_over,
        dense_rank() OVER (PARTITION BY model, conversion_id ORDER BY remainder DESC, claim ASC) AS claim_rank
    FROM rounded_claims
),

claimed_parts AS (
    SELECT
        *,
        rounded_part + CASE WHEN claim_rank <= left_over THEN 1 ELSE 0 END AS part
    FROM ranked_claims
)

SELECT
    model,
    conversion_id,
    impression_id,
    user_id,
    campaign_id,
    creative_id,
    conversion_ms,
    at_ms,
    place,
    places,
    micros,
    CAST(
        (part - part % turns) / turns + CASE WHEN turn <= part % turns THEN 1 ELSE 0 END AS DECIMAL(38, 0)
    ) AS credit_micros
FROM claimed_parts
