-- What each touch of a converting path weighs under each model.
-- Grain: one row per model, conversion_id and touch (impression_id).
-- claim: touches with the same one share a part evenly. Touches claim for themselves, except under
-- markov and shapley, where campaigns do: there it is the place of the campaign's first touch.
-- Reads the relations `path_steps` and `removal_effects`. Parameter: half_life_ms.
WITH first_places AS (
    SELECT
        *,
        min(place) OVER (PARTITION BY conversion_id, campaign_key) AS campaign_place,
        age_ms / :half_life_ms AS halvings,
        CAST(693147180560 AS DECIMAL(38, 0)) * (age_ms % :half_life_ms) AS scaled_exponent
    FROM path_steps
    WHERE conversion_id IS NOT NULL
),

-- e^(-exponent) by its power series: 1 - x/1 (1 - x/2 (1 - x/3 (...))).
exponents AS (
    SELECT
        *,
        CAST((scaled_exponent - scaled_exponent % :half_life_ms) / :half_life_ms AS DECIMAL(38, 0))
            AS exponent
    FROM first_places
),

decays AS (
    SELECT
        *,
        reduce(
            sequence(12, 1, -1),
            CAST(1000000000000 AS DECIMAL(38, 0)),
            (inner_sum, term) -> CAST(
                1000000000000
                - (exponent * inner_sum - exponent * inner_sum % (term * 1000000000000))
                / (term * 1000000000000)
                AS DECIMAL(38, 0)
            ),
            inner_sum -> inner_sum
        ) AS decay,
        CAST(power(2, least(halvings, 60)) AS DECIMAL(38, 0)) AS divisor
    FROM exponents
),

models AS (
    SELECT names.model
    FROM (
        VALUES ('last'), ('first'), ('linear'), ('position'), ('time_decay'), ('markov'), ('shapley')
    ) AS names (model)
)

SELECT
    models.model,
    decays.conversion_id,
    decays.micros,
    decays.impression_id,
    decays.user_id,
    decays.campaign_id,
    decays.creative_id,
    decays.conversion_ms,
    decays.at_ms,
    decays.place,
    decays.places,
    CASE WHEN models.model IN ('markov', 'shapley') THEN decays.campaign_place ELSE decays.place END AS claim,
    CAST(
        CASE models.model
            WHEN 'last' THEN CASE WHEN decays.place = decays.places THEN 1 ELSE 0 END
            WHEN 'first' THEN CASE WHEN decays.place = 1 THEN 1 ELSE 0 END
            -- 40 % to either end: with m touches between them, 2m : 1 ... 1 : 2m.
            WHEN 'position'
                THEN CASE
                    WHEN decays.places > 2 AND decays.place IN (1, decays.places) THEN 2 * (decays.places - 2)
                    ELSE 1
                END
            WHEN 'time_decay' THEN greatest(1, (decays.decay - decays.decay % decays.divisor) / decays.divisor)
            WHEN 'markov' THEN greatest(1, removal_effects.lost)
            ELSE 1
        END AS DECIMAL(38, 0)
    ) AS weight
FROM decays
CROSS JOIN models
INNER JOIN removal_effects ON decays.campaign_key = removal_effects.campaign_key
