-- funnel: how many impressions were clicked, and how many of those converted, step by step.
-- question: At which step are impressions lost on the way to a conversion?
-- grain: one row per step: impression, click, conversion
-- date basis: impression time; the last 7 days are provisional
-- readers: analysts
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- include time_range: moment = impression_time
-- Each step counts impressions, not events: an impression that was clicked twice is one.
WITH totals AS (
    SELECT
        count(*) AS impressions,
        count_if(is_clicked) AS clicked_impressions,
        count_if(is_converted) AS converted_impressions
    FROM gold.ad_performance_state
    WHERE
        impression_time IS NOT NULL
        AND :time_range
        AND campaign_id = coalesce(CAST(:campaign_id AS varchar), campaign_id)
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
