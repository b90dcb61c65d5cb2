-- cap_of_month: 30.4 x the mean of the known ones of `day_caps`, in micros; NULL if none is known.
CAST(
    304 * reduce(
        filter(day_caps, day_cap -> day_cap IS NOT NULL),
        CAST(0 AS DECIMAL(38, 0)),
        (total, day_cap) -> CAST(total + day_cap AS DECIMAL(38, 0)),
        total -> total
    ) AS DECIMAL(38, 0)
) / nullif(10 * cardinality(filter(day_caps, day_cap -> day_cap IS NOT NULL)), 0)
