-- kpi_rates: the rates of some sums, as fractions; a rate of nothing is NULL. From sums, never averaged.
-- Above 1 where what is counted belongs to earlier impressions or clicks: everything counts at its own time.
CAST(clicks AS DOUBLE) / nullif(impressions, 0) AS ctr,
CAST(conversions AS DOUBLE) / nullif(clicks, 0) AS cvr,
CAST(signups AS DOUBLE) / nullif(clicks, 0) AS click_to_signup,
CAST(activations AS DOUBLE) / nullif(signups, 0) AS signup_to_activation,
CAST(shares AS DOUBLE) / nullif(impressions, 0) AS share_rate,
CAST(completions AS DOUBLE) / nullif(impressions, 0) AS completion_rate,
CAST(revenue AS DOUBLE) / nullif(total_cost, 0) AS roas,
CAST(total_cost / nullif(clicks, 0) AS DECIMAL(38, 6)) AS cpc,
CAST(total_cost / nullif(activations, 0) AS DECIMAL(38, 6)) AS cpa
