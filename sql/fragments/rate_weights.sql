-- rate_weights: what a whole minute still weighs in the rate of spending after 0, 1, 2 ... 126 others, in units of
-- 10^-12; an array. The next weight is zero. 0.8 to the power of the age, kept to 30 digits and rounded once.
transform(
    reduce(
        sequence(1, 126),
        ARRAY[DECIMAL '1000000000000000000000000000000'],
        (weights, age) -> weights || CAST(element_at(weights, -1) * 4 / 5 AS DECIMAL(31, 0)),
        weights -> weights
    ),
    weight -> CAST(weight / DECIMAL '1000000000000000000' AS DECIMAL(13, 0))
)
