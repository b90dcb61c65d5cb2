-- spans_of_budgets: from when until when each of `budgets` is in force; of those of one moment the last one is.
IF(
    cardinality(budgets) > 0,
    transform(
        sequence(1, cardinality(budgets)),
        place -> CAST(
            ROW(
                budgets[place].ts_ms,
                coalesce(element_at(budgets, place + 1).ts_ms, 9223372036854775807),
                budgets[place].micros,
                budgets[place].period
            ) AS ROW(begin_ms BIGINT, until_ms BIGINT, micros BIGINT, period VARCHAR)
        )
    ),
    ARRAY[]
)
