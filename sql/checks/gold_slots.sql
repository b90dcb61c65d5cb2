-- Offending rows: impressions stored under another slot than the one their id tells.
-- The slot law (contracts/slot.py) written for Trino on its own: 10-second intervals since 1970 of
-- the time inside the id, or a hash slot of day 0.
-- Reads the relation `impressions` (impression_id, stored_slot). Parameter: row_limit.
WITH recognised_ids AS (
    SELECT
        impression_id,
        stored_slot,
        CASE
            WHEN regexp_like(
                impression_id,
                '\Aimp-(201[5-9]|20[2-9]\d|2100)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])-[0-9a-f]{7}'
            ) THEN 'imp'
            WHEN regexp_like(
                impression_id,
                '(?i)\A[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\z'
            ) THEN 'uuid7'
            WHEN regexp_like(impression_id, '\A[0-7][0-9A-HJKMNP-TV-Z]{25}\z') THEN 'ulid'
        END AS id_form
    FROM impressions
),

-- The month's first day plus days, so that 31 February is 3 March. Crockford's 32 digits are
-- renamed to those of from_base. Trino may compute a branch for rows of another form: hence TRY.
timed_ids AS (
    SELECT
        impression_id,
        stored_slot,
        CASE
            WHEN id_form = 'imp' AND try(from_base(substr(impression_id, 14, 7), 16)) < 86400000
                THEN (
                    date_diff(
                        'day',
                        DATE '1970-01-01',
                        date(
                            substr(impression_id, 5, 4) || '-'
                            || substr(impression_id, 9, 2) || '-01'
                        )
                    )
                    + CAST(substr(impression_id, 11, 2) AS BIGINT) - 1
                ) * 86400000
                + try(from_base(substr(impression_id, 14, 7), 16))
            WHEN id_form = 'uuid7'
                THEN try(
                    from_base(substr(impression_id, 1, 8) || substr(impression_id, 10, 4), 16)
                )
            WHEN id_form = 'ulid'
                THEN try(
                    from_base(
                        translate(
                            substr(impression_id, 1, 10),
                            'ABCDEFGHJKMNPQRSTVWXYZ',
                            'abcdefghijklmnopqrstuv'
                        ),
                        32
                    )
                )
        END AS epoch_ms
    FROM recognised_ids
),

slots AS (
    SELECT
        impression_id,
        stored_slot,
        IF(
            epoch_ms >= 1420070400000 AND epoch_ms < 4133980800000,
            epoch_ms / 10000,
            mod(crc32(to_utf8(impression_id)), 8640)
        ) AS slot
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
