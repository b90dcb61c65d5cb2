-- gold.customer_segments: who is in which segment.
-- grain: one row per user_id and segment
-- readers: sizes and members of segments
-- as_of_date is the day that lapsed is about; NULL: none was named yet, and nobody has lapsed.
SELECT
    customers.user_id,
    members.segment,
    customers.rule_version,
    customers.as_of_date
FROM lakehouse.gold.customer_360 AS customers
CROSS JOIN UNNEST(customers.segments) AS members (segment)
