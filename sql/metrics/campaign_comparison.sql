-- campaign_comparison: campaigns or channels side by side, with the funnel of each.
-- question: Which campaign or channel brings sign-ups and activations, and which only clicks?
-- grain: one row per campaign or channel in which something happened
-- date basis: time of each event; late events change their own window at any age
-- readers: API, analysts
-- param since timestamp = NULL: windows that begin at or after this time; NULL: from the beginning
-- param until timestamp = NULL: windows that begin before this time; NULL: to the end
-- param compared campaign|channel = campaign: what is compared
-- param most integer = 100: at most so many rows, those with most impressions
-- include time_range: moment = window_start
-- include kpi_sums
-- include kpi_ratios
WITH windows AS (
    SELECT
        *,
        CASE WHEN CAST(:compared AS varchar) = 'channel' THEN channel ELSE campaign_id END AS name
    FROM gold.campaign_funnel_5m
    WHERE :time_range
),

sums AS (
    SELECT
        name,
        :kpi_sums
    FROM windows
    GROUP BY name
),

ranked AS (
    SELECT
        *,
        row_number() OVER (ORDER BY impressions DESC, name ASC) AS place
    FROM sums
)

SELECT
    name,
    impressions,
    clicks,
    conversions,
    attributed_conversions,
    signups,
    activations,
    shares,
    completions,
    total_cost,
    revenue,
    late_events,
    :kpi_ratios
FROM ranked
WHERE place <= :most
ORDER BY place
