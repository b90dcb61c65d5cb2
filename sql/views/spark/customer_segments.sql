-- gold.customer_segments: who is in which segment.
-- grain: one row per user_id and segment
-- readers: sizes and members of segments
-- as_of_date is the day that lapsed is about; NULL: none was named yet, and nobody has lapsed.
SELECT
    user_id,
    explode(segments) AS segment,
    rule_version,
    as_of_date
FROM lakehouse.gold.customer_360
