-- How much likelier a path leads to a conversion with a campaign than without it: first-order Markov chain.
-- Grain: one row per campaign_key. Probabilities are whole numbers of 10^-12, each division rounds down.
-- Reads the relation `path_steps`, once.
-- States are numbered: campaigns from 1 on in the order of their keys, then `last_number`, which is the
-- start as a row and the conversion as a column. reach[i][j]: expected visits to j of who is at i.
-- lost: (probability to come to the campaign) * (probability to convert from there). Source, and why no
-- campaign has to be removed for it: src/adlake/models/markov.py.
WITH arrivals AS (
    SELECT
        *,
        lag(campaign_key) OVER (PARTITION BY visitor_key, conversion_id, run ORDER BY place ASC) AS key_before
    FROM path_steps
),

-- A repeat of the same campaign is one visit.
visits AS (
    SELECT
        conversion_id,
        campaign_key,
        key_before,
        lead(campaign_key) OVER (PARTITION BY visitor_key, conversion_id, run ORDER BY place ASC) AS key_after
    FROM arrivals
    WHERE campaign_key IS DISTINCT FROM key_before
),

-- Each visit is a move to it; the last one of a path is a move to its end, too. No key is before
-- '' and none of a campaign is after 'end'.
moves AS (
    SELECT
        CASE WHEN sides.side = 1 THEN coalesce(visits.key_before, 'start') ELSE visits.campaign_key END AS from_key,
        CASE
            WHEN sides.side = 1 THEN visits.campaign_key
            WHEN visits.conversion_id IS NULL THEN 'nothing'
            ELSE 'end'
        END AS to_key
    FROM visits
    CROSS JOIN (VALUES (1), (2)) AS sides (side)
    WHERE sides.side = 1 OR visits.key_after IS NULL
),

counted_moves AS (
    SELECT
        from_key,
        to_key,
        CAST(count(*) AS DECIMAL(38, 0)) * 1000000000000 AS scaled_count,
        CAST(sum(count(*)) OVER (PARTITION BY from_key) AS DECIMAL(38, 0)) AS leave_count
    FROM moves
    GROUP BY from_key, to_key
),

-- Every campaign is left and come to, so both numbers of it are the same.
numbered_moves AS (
    SELECT
        from_key,
        dense_rank() OVER (ORDER BY from_key ASC) AS from_number,
        dense_rank() OVER (ORDER BY to_key ASC) AS to_number,
        CASE
            WHEN to_key <> 'nothing'
                THEN CAST((scaled_count - scaled_count % leave_count) / leave_count AS DECIMAL(38, 0))
        END AS probability
    FROM counted_moves
),

sparse_rows AS (
    SELECT
        from_key,
        from_number,
        max(from_number) OVER () AS last_number,
        array_agg(
            to_number
            ORDER BY to_number ASC
        ) AS to_numbers,
        array_agg(
            probability
            ORDER BY to_number ASC
        ) AS probabilities
    FROM numbered_moves
    GROUP BY from_key, from_number
),

whole_rows AS (
    SELECT
        from_key,
        from_number,
        last_number,
        transform(
            sequence(1, last_number),
            j -> CAST(coalesce(element_at(map(to_numbers, probabilities), j), 0) AS DECIMAL(38, 0))
        ) AS probabilities
    FROM sparse_rows
),

matrices AS (
    SELECT
        max(last_number) AS last_number,
        array_agg(
            from_key
            ORDER BY from_number ASC
        ) AS keys,
        array_agg(
            probabilities
            ORDER BY from_number ASC
        ) AS matrix
    FROM whole_rows
),

-- One campaign k after the other: whoever comes to it may go round and come again, then goes on.
closures AS (
    SELECT
        last_number,
        keys,
        reduce(
            sequence(1, last_number - 1),
            matrix,
            (reach, k) -> transform(
                sequence(1, last_number),
                i -> transform(
                    sequence(1, last_number),
                    j -> CAST(
                        reach[i][j]
                        + (
                            reach[i][k] * reach[k][j]
                            - reach[i][k] * reach[k][j] % (1000000000000 - reach[k][k])
                        )
                        / (1000000000000 - reach[k][k])
                        AS DECIMAL(38, 0)
                    )
                )
            ),
            reach -> reach
        ) AS reach
    FROM matrices
    WHERE last_number > 1
),

products AS (
    SELECT
        closures.keys[campaigns.number] AS campaign_key,
        closures.reach[closures.last_number][campaigns.number]
        * closures.reach[campaigns.number][closures.last_number] AS product,
        1000000000000 + closures.reach[campaigns.number][campaigns.number] AS visits_from_there,
        closures.reach[closures.last_number][closures.last_number] AS converts
    FROM closures
    CROSS JOIN UNNEST(sequence(1, closures.last_number - 1)) AS campaigns (number)
)

SELECT
    campaign_key,
    CAST((product - product % visits_from_there) / visits_from_there AS DECIMAL(38, 0)) AS lost,
    converts
FROM products
