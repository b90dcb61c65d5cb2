-- stored_text: an event as `events_state` holds it (docs/data-model.md), written for Trino on its own.
-- Of the columns of oracles/event_contents. NULL members are left out. Trino's own JSON would write a letter
-- beyond the first 65,536 as two escapes, so it writes control characters alone.
concat(
    '{"e":',
    CASE
    WHEN regexp_like(event_id, '[\x00-\x1f]') THEN json_format(CAST(event_id AS JSON))
    ELSE '"' || replace(replace(event_id, chr(92), chr(92) || chr(92)), '"', chr(92) || '"') || '"'
    END,
    ',"t":', CAST(ts_ms AS VARCHAR),
    ',"r":', CAST(type_rank AS VARCHAR),
    ',"m":', CAST(micros AS VARCHAR),
    coalesce(
        ',"c":' || CASE
            WHEN regexp_like(campaign_id, '[\x00-\x1f]') THEN json_format(CAST(campaign_id AS JSON))
            ELSE '"' || replace(replace(campaign_id, chr(92), chr(92) || chr(92)), '"', chr(92) || '"') || '"'
        END,
        ''
    ),
    coalesce(
        ',"cr":' || CASE
            WHEN regexp_like(creative_id, '[\x00-\x1f]') THEN json_format(CAST(creative_id AS JSON))
            ELSE '"' || replace(replace(creative_id, chr(92), chr(92) || chr(92)), '"', chr(92) || '"') || '"'
        END,
        ''
    ),
    coalesce(
        ',"u":' || CASE
            WHEN regexp_like(user_id, '[\x00-\x1f]') THEN json_format(CAST(user_id AS JSON))
            ELSE '"' || replace(replace(user_id, chr(92), chr(92) || chr(92)), '"', chr(92) || '"') || '"'
        END,
        ''
    ),
    coalesce(
        ',"g":' || CASE
            WHEN regexp_like(geo_country, '[\x00-\x1f]') THEN json_format(CAST(geo_country AS JSON))
            ELSE '"' || replace(replace(geo_country, chr(92), chr(92) || chr(92)), '"', chr(92) || '"') || '"'
        END,
        ''
    ),
    coalesce(
        ',"p":' || CASE
            WHEN regexp_like(platform, '[\x00-\x1f]') THEN json_format(CAST(platform AS JSON))
            ELSE '"' || replace(replace(platform, chr(92), chr(92) || chr(92)), '"', chr(92) || '"') || '"'
        END,
        ''
    ),
    ',"i":', CAST(first_ingest_ms AS VARCHAR),
    -- A segment has no control characters.
    coalesce(
        ',"ch":"' || replace(replace(channel, chr(92), chr(92) || chr(92)), '"', chr(92) || '"') || '"', ''
    ),
    coalesce(
        ',"rg":"' || replace(replace(region, chr(92), chr(92) || chr(92)), '"', chr(92) || '"') || '"', ''
    ),
    '}'
)
