-- customers: customers with their orders, messages, stage, score and segments.
-- question: Who are our customers, what are they worth, and who answers?
-- grain: one row per customer, most valuable first; customers counts all of them
-- date basis: none (the present row of each)
-- readers: API
-- param user_id varchar = NULL: one customer; NULL: all
-- param stage varchar = NULL: one stage, such as engaged; NULL: all
-- param segment varchar = NULL: members of one segment, such as big_spenders; NULL: all
-- param most integer = 100: at most so many rows
-- include customer_columns
WITH ranked AS (
    SELECT
        *,
        count(*) OVER () AS customers,
        row_number() OVER (ORDER BY lifetime_value DESC, user_id ASC) AS place
    FROM gold.customer_360
    WHERE
        user_id = coalesce(CAST(:user_id AS varchar), user_id)
        AND lifecycle_stage = coalesce(CAST(:stage AS varchar), lifecycle_stage)
        AND (CAST(:segment AS varchar) IS NULL OR contains(segments, CAST(:segment AS varchar)))
)

SELECT
    :customer_columns,
    customers
FROM ranked
WHERE place <= :most
ORDER BY place
