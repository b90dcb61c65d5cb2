-- Which lake this catalog belongs to, and where it lives.
SELECT
    lake_id::text AS lake_id,
    home,
    warehouse_uri,
    token::text AS token,
    next_token::text AS next_token,
    claims
FROM adlake.lake
