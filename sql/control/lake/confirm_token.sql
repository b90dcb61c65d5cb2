-- The warehouse has the announced token.
UPDATE adlake.lake
SET
    token = next_token,
    next_token = NULL,
    claims = claims + 1,
    claimed_at = clock_timestamp(),
    claimed_by = :claimed_by
WHERE next_token IS NOT NULL
