-- kpi_ratios: the rates of kpi_rates.sql as exact decimals of nine digits, for metrics.
CAST(clicks AS decimal(38, 9)) / nullif(impressions, 0) AS ctr,
CAST(conversions AS decimal(38, 9)) / nullif(clicks, 0) AS cvr,
CAST(signups AS decimal(38, 9)) / nullif(clicks, 0) AS click_to_signup,
CAST(activations AS decimal(38, 9)) / nullif(signups, 0) AS signup_to_activation,
CAST(shares AS decimal(38, 9)) / nullif(impressions, 0) AS share_rate,
CAST(completions AS decimal(38, 9)) / nullif(impressions, 0) AS completion_rate,
CAST(revenue AS decimal(38, 9)) / nullif(total_cost, 0) AS roas,
CAST(total_cost / nullif(clicks, 0) AS decimal(38, 6)) AS cpc,
CAST(total_cost / nullif(activations, 0) AS decimal(38, 6)) AS cpa
