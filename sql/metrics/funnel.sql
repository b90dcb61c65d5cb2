-- funnel: how many impressions were clicked, and how many of those converted, step by step.
-- question: At which step are impressions lost on the way to a conversion?
-- grain: one row per step: impression, click, conversion
-- date basis: impression time; the last 7 days are provisional
-- readers: analysts
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- relation summed_impressions
-- Each step counts impressions, not events: an impression that was clicked twice is one.
WITH totals AS (
    SELECT
        coalesce(sum(impressions), 0) AS impressions,
        coalesce(sum(clicked_impressions), 0) AS clicked_impressions,
        coalesce(sum(converted_impressions), 0) AS converted_impressions
    FROM summed_impressions
    WHERE campaign_id = coalesce(CAST(:campaign_id AS varchar), campaign_id)
)

SELECT
    steps.step_number,
    steps.step,
    steps.impressions,
    CAST(steps.impressions AS decimal(38, 9)) / nullif(steps.previous_impressions, 0) AS share_of_previous,
    CAST(steps.impressions AS decimal(38, 9)) / nullif(totals.impressions, 0) AS share_of_first
FROM totals
CROSS JOIN
    UNNEST(
        ARRAY['impression', 'click', 'conversion'],
        ARRAY[totals.impressions, totals.clicked_impressions, totals.converted_impressions],
        ARRAY[NULL, totals.impressions, totals.clicked_impressions]
    ) WITH ORDINALITY AS steps (step, impressions, previous_impressions, step_number)
ORDER BY steps.step_number
