-- caps_of_days: the largest daily budget of `spans` in force at any moment of each day between two of `midnights`.
transform(
    sequence(1, cardinality(midnights) - 1),
    day_number -> array_max(transform(
        filter(
            spans,
            span -> span.period = 'DAILY'
            AND span.begin_ms < span.until_ms
            AND span.begin_ms < midnights[day_number + 1]
            AND span.until_ms > midnights[day_number]
        ),
        span -> span.micros
    ))
)
