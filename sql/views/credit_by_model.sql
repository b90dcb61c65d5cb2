-- gold.credit_by_model: what each attribution model credits each campaign with, by the day of the conversion.
-- grain: one row per model, campaign_id and conversion_date; a model has a row wherever a touch was on a path
-- readers: Metabase, metrics, notebooks
-- Of one snapshot of Gold: the one that `adlake models build` read last.
SELECT
    models.model,
    credits.campaign_id,
    CAST(credits.converted_at AS DATE) AS conversion_date,
    count(DISTINCT credits.conversion_id) AS conversions_touched,
    count(*) AS touches,
    CAST(
        sum(
            CAST(
                CASE models.model
                    WHEN 'last' THEN credits.last_micros
                    WHEN 'first' THEN credits.first_micros
                    WHEN 'linear' THEN credits.linear_micros
                    WHEN 'position' THEN credits.position_micros
                    WHEN 'time_decay' THEN credits.time_decay_micros
                    WHEN 'markov' THEN credits.markov_micros
                    WHEN 'shapley' THEN credits.shapley_micros
                END AS DECIMAL(28, 0)
            )
        ) * CAST(0.000001 AS DECIMAL(6, 6)) AS DECIMAL(38, 6)
    ) AS credit
FROM lakehouse.gold.attribution_credits AS credits
CROSS JOIN
    (
        VALUES ('last'), ('first'), ('linear'), ('position'), ('time_decay'), ('markov'), ('shapley')
    ) AS models (model)
GROUP BY models.model, credits.campaign_id, CAST(credits.converted_at AS DATE)
