-- breakdown_performance: delivery, spend and return by country, platform or creative format.
-- question: Where, and on which platforms and formats, do the ads work?
-- grain: one row per value of the chosen property, largest spend first; '(not said)': impressions without one
-- date basis: impression time; the last 7 days are provisional
-- readers: analysts, Metabase
-- param breakdown_by country|platform|format = country: property of the impression that makes the groups
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- relation summed_impressions
-- Nobody is dropped, so the groups together are all impressions. The country is that of the event; that of the
-- user is in audience_performance.
WITH seen AS (
    SELECT
        creative_id,
        impressions,
        clicked_impressions,
        converted_impressions,
        cost,
        revenue,
        CASE CAST(:breakdown_by AS varchar)
            WHEN 'country' THEN geo_country
            WHEN 'platform' THEN platform
        END AS own_property
    FROM summed_impressions
    WHERE campaign_id = coalesce(CAST(:campaign_id AS varchar), campaign_id)
),

creative_totals AS (
    SELECT
        creative_id,
        own_property,
        sum(impressions) AS impressions,
        sum(clicked_impressions) AS clicked_impressions,
        sum(converted_impressions) AS converted_impressions,
        sum(cost) AS spend,
        sum(revenue) AS revenue
    FROM seen
    GROUP BY creative_id, own_property
    HAVING sum(impressions) > 0
),

-- One row each even if the dimension were broken: a join must never multiply money.
creative_formats AS (
    SELECT
        creative_id,
        max(format) AS creative_format
    FROM dims.dim_creatives
    WHERE CAST(:breakdown_by AS varchar) = 'format'
    GROUP BY creative_id
),

named_totals AS (
    SELECT
        creative_totals.impressions,
        creative_totals.clicked_impressions,
        creative_totals.converted_impressions,
        creative_totals.spend,
        creative_totals.revenue,
        coalesce(creative_totals.own_property, creative_formats.creative_format, '(not said)') AS property
    FROM creative_totals
    LEFT JOIN creative_formats ON creative_totals.creative_id = creative_formats.creative_id
),

property_totals AS (
    SELECT
        property,
        sum(impressions) AS impressions,
        sum(clicked_impressions) AS clicked_impressions,
        sum(converted_impressions) AS converted_impressions,
        sum(spend) AS spend,
        sum(revenue) AS revenue
    FROM named_totals
    GROUP BY property
)

SELECT
    property,
    impressions,
    clicked_impressions,
    converted_impressions,
    spend,
    revenue,
    CAST(clicked_impressions AS decimal(38, 9)) / nullif(impressions, 0) AS ctr,
    CAST(converted_impressions AS decimal(38, 9)) / nullif(clicked_impressions, 0) AS cvr,
    CAST(revenue AS decimal(38, 9)) / nullif(spend, 0) AS roas
FROM property_totals
ORDER BY spend DESC, property ASC
