-- readable_payload: raw_payload as Trino's JSON reader takes it.
-- The reader refuses names over 50,000 characters; none of ours is that long.
CASE
    WHEN length(raw_payload) > 50000
        THEN regexp_replace(
            raw_payload,
            '("(?:[^"\\]|\\.)*+")(\s*+:)?',
            part -> CASE
                WHEN part[2] IS NOT NULL AND length(part[1]) > 50000 THEN '"":'
                ELSE part[1] || coalesce(part[2], '')
            END
        )
    ELSE raw_payload
END
