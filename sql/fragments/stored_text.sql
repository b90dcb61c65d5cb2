-- stored_text: an event as `events_state` holds it (docs/data-model.md), written for Trino on its own.
-- Of the columns of oracles/event_contents. NULL members are left out.
concat(
    '{"e":', json_format(CAST(event_id AS JSON)),
    ',"t":', CAST(ts_ms AS VARCHAR),
    ',"r":', CAST(type_rank AS VARCHAR),
    ',"m":', CAST(micros AS VARCHAR),
    coalesce(',"c":' || json_format(CAST(campaign_id AS JSON)), ''),
    coalesce(',"cr":' || json_format(CAST(creative_id AS JSON)), ''),
    coalesce(',"u":' || json_format(CAST(user_id AS JSON)), ''),
    coalesce(',"g":' || json_format(CAST(geo_country AS JSON)), ''),
    coalesce(',"p":' || json_format(CAST(platform AS JSON)), ''),
    ',"i":', CAST(ingest_ms AS VARCHAR), '}'
)
