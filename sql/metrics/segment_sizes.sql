-- segment_sizes: how many customers are in each segment.
-- question: How large are our segments, and what are their customers worth?
-- grain: one row per segment with a member, by name
-- date basis: none (as_of_date: the day that lapsed is about)
-- readers: API
SELECT
    segment,
    count(*) AS customers,
    max(rule_version) AS rule_version,
    max(as_of_date) AS as_of_date
FROM gold.customer_segments
GROUP BY segment
ORDER BY segment
