-- Offending rows: impressions stored under another slot than the one their id tells.
-- The slot law (contracts/slot.py) written for Trino on its own: 10-second intervals since 1970 of
-- the time inside the id, a hash slot of the day inside the id, or a hash slot of day 0.
-- Reads the relation `impressions` (impression_id, stored_slot). Parameter: row_limit.
WITH recognised_ids AS (
    SELECT
        impression_id,
        stored_slot,
        CASE
            WHEN regexp_like(
                impression_id,
                '\Aimp-(201[5-9]|20[2-9][0-9]|2100)(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])-'
            ) THEN 'imp'
            WHEN regexp_like(
                impression_id,
                '\A[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[167][0-9a-fA-F]{3}'
                || '-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}\z'
            ) THEN 'uuid' || substr(impression_id, 15, 1)
            WHEN regexp_like(
                impression_id, '\A[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}\z'
            ) THEN 'ulid'
            WHEN regexp_like(impression_id, '\A[0-9A-Za-z]{27}\z') THEN 'ksuid'
            WHEN regexp_like(impression_id, '\A[0-9A-Fa-f]{24}\z') THEN 'object id'
        END AS id_form,
        mod(crc32(to_utf8(impression_id)), 8640) AS hash_slot,
        -- Of an imp id that tells its millisecond, else NULL.
        try(from_base(regexp_extract(impression_id, '\A.{13}([0-9a-f]{7})', 1), 16)) AS ms_of_day,
        substr(impression_id, 1, 8) AS first_part,
        substr(impression_id, 10, 4) AS second_part,
        substr(impression_id, 16, 3) AS third_part
    FROM impressions
),

-- The month's first day plus days, so that 31 February is 3 March. Crockford's 32 digits are
-- renamed to those of from_base. The clock of UUID 1 and 6 counts 100 ns from 1582-10-15. A KSUID's
-- seconds are its number divided by 2^128, nearly exact from seven digits of base 62 on.
-- Trino may compute a branch for rows of another form: hence TRY.
timed_ids AS (
    SELECT
        impression_id,
        stored_slot,
        hash_slot,
        ms_of_day,
        CASE
            WHEN id_form = 'imp'
                THEN date_diff(
                    'day',
                    DATE '1970-01-01',
                    try(date(
                        substr(impression_id, 5, 4) || '-' || substr(impression_id, 9, 2) || '-01'
                    ))
                ) + try(CAST(substr(impression_id, 11, 2) AS BIGINT)) - 1
        END AS day,
        CASE id_form
            WHEN 'uuid7' THEN try(from_base(first_part || second_part, 16))
            WHEN 'uuid6'
                THEN
                    try(
                        (from_base(first_part || second_part || third_part, 16) - 122192928000000000)
                        / 10000
                    )
            WHEN 'uuid1'
                THEN
                    try(
                        (from_base(third_part || second_part || first_part, 16) - 122192928000000000)
                        / 10000
                    )
            WHEN 'ulid'
                THEN try(
                    from_base(
                        translate(
                            upper(substr(impression_id, 1, 10)),
                            'ABCDEFGHJKMNPQRSTVWXYZ',
                            'abcdefghijklmnopqrstuv'
                        ),
                        32
                    )
                )
            WHEN 'ksuid'
                THEN 1000 * (1400000000 + 1197135 * reduce(
                    transform(sequence(1, 7), n -> strpos(
                        '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
                        substr(impression_id, n, 1)
                    ) - 1),
                    BIGINT '0', (number, digit) -> number * 62 + digit, number -> number
                ) / 578294129)
            WHEN 'object id' THEN try(from_base(first_part, 16)) * 1000
        END AS epoch_ms
    FROM recognised_ids
),

slots AS (
    SELECT
        impression_id,
        stored_slot,
        CASE
            WHEN day IS NOT NULL AND ms_of_day < 86400000 THEN day * 8640 + ms_of_day / 10000
            WHEN day IS NOT NULL THEN day * 8640 + hash_slot
            WHEN epoch_ms >= 1420070400000 AND epoch_ms < 4133980800000 THEN epoch_ms / 10000
            ELSE hash_slot
        END AS slot
    FROM timed_ids
)

SELECT
    impression_id,
    stored_slot,
    slot
FROM slots
WHERE stored_slot IS DISTINCT FROM slot
ORDER BY impression_id ASC
LIMIT :row_limit
