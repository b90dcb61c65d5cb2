-- invalid_traffic_share: share of impressions whose events contradict each other, as the law sees it.
-- question: How much of the traffic cannot have happened as it was reported, and what money hangs on it?
-- grain: one row
-- date basis: impression time
-- readers: analysts, operations (trust)
-- param since timestamp = NULL: impressions at or after this time; NULL: from the beginning
-- param until timestamp = NULL: impressions before this time; NULL: to the end
-- param campaign_id varchar = NULL: one campaign; NULL: all
-- include time_range: moment = impression_time
-- Invalid is an impression with an event that contradicts it: a second impression under its id, a click before it by
-- more than clocks may differ, an event that names another campaign or another user (one that names none contradicts
-- nothing). Several of these make one invalid impression, counted in the column of each.
-- Patterns that need a threshold (click bursts, double clicks, conversions faster than a person) are not in it: the
-- law knows none. Nor are refused deliveries (rejected_by_reason) and clicks without an impression (orphan_revenue).
WITH impressions AS (
    SELECT
        impression_id,
        campaign_id,
        user_id,
        engaged,
        cost,
        revenue
    FROM gold.ad_performance_state
    WHERE
        impression_time IS NOT NULL
        AND :time_range
        AND campaign_id = coalesce(CAST(:campaign_id AS varchar), campaign_id)
),

-- Only an engaged impression has more than one event.
engaged_impressions AS (
    SELECT
        impression_id,
        campaign_id,
        user_id,
        cost,
        revenue
    FROM impressions
    WHERE engaged
),

flagged_events AS (
    SELECT
        engaged.impression_id,
        engaged.cost,
        engaged.revenue,
        outcomes.is_duplicate_impression,
        outcomes.is_click_before_impression,
        coalesce(outcomes.campaign_id <> engaged.campaign_id, FALSE)
        OR coalesce(outcomes.user_id <> engaged.user_id, FALSE) AS is_dim_mismatch
    FROM audit.event_outcomes AS outcomes
    INNER JOIN engaged_impressions AS engaged ON outcomes.impression_id = engaged.impression_id
    WHERE
        outcomes.is_duplicate_impression
        OR outcomes.is_click_before_impression
        OR outcomes.is_dim_mismatch
),

invalid_impressions AS (
    SELECT
        impression_id,
        max(cost) AS cost,
        max(revenue) AS revenue,
        bool_or(is_duplicate_impression) AS has_duplicate_impression,
        bool_or(is_click_before_impression) AS has_click_before_impression,
        bool_or(is_dim_mismatch) AS has_dim_mismatch
    FROM flagged_events
    WHERE is_duplicate_impression OR is_click_before_impression OR is_dim_mismatch
    GROUP BY impression_id
),

invalid_totals AS (
    SELECT
        count(*) AS invalid_impressions,
        count_if(has_duplicate_impression) AS duplicate_impressions,
        count_if(has_click_before_impression) AS clicks_before_impression,
        count_if(has_dim_mismatch) AS dim_mismatches,
        coalesce(sum(cost), 0) AS invalid_spend,
        coalesce(sum(revenue), 0) AS invalid_revenue
    FROM invalid_impressions
),

totals AS (
    SELECT
        count(*) AS impressions,
        coalesce(sum(cost), 0) AS spend,
        coalesce(sum(revenue), 0) AS revenue
    FROM impressions
)

SELECT
    totals.impressions,
    invalid_totals.invalid_impressions,
    CAST(invalid_totals.invalid_impressions AS decimal(38, 9)) / nullif(totals.impressions, 0)
        AS invalid_traffic_share,
    invalid_totals.duplicate_impressions,
    invalid_totals.clicks_before_impression,
    invalid_totals.dim_mismatches,
    totals.spend,
    invalid_totals.invalid_spend,
    totals.revenue,
    invalid_totals.invalid_revenue
FROM totals
CROSS JOIN invalid_totals
