-- kpi_sums: what windows add up to.
CAST(sum(impressions) AS BIGINT) AS impressions,
CAST(sum(clicks) AS BIGINT) AS clicks,
CAST(sum(conversions) AS BIGINT) AS conversions,
CAST(sum(attributed_conversions) AS BIGINT) AS attributed_conversions,
CAST(sum(signups) AS BIGINT) AS signups,
CAST(sum(activations) AS BIGINT) AS activations,
CAST(sum(shares) AS BIGINT) AS shares,
CAST(sum(completions) AS BIGINT) AS completions,
CAST(sum(total_cost) AS DECIMAL(38, 6)) AS total_cost,
CAST(sum(revenue) AS DECIMAL(38, 6)) AS revenue,
CAST(sum(late_events) AS BIGINT) AS late_events
