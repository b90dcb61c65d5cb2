-- masked_payload: what a reader without payloads sees of raw_payload, of a refused conversion alone.
-- include readable_payload
-- Its value, country and platform, which the bridge counts by: the number as it was written, nothing else of it.
CASE
    WHEN reject_reason IS NOT NULL AND event_type = 'CONVERSION'
        THEN
            '{"conversion_value":' || coalesce(
                CASE
                    WHEN json_format(json_extract(:readable_payload, '$.conversion_value')) NOT LIKE '"%'
                        THEN json_extract_scalar(:readable_payload, '$.conversion_value')
                END,
                'null'
            )
            || ',"geo_country":'
            || coalesce(json_format(CAST(json_extract_scalar(:readable_payload, '$.geo_country') AS JSON)), 'null')
            || ',"platform":'
            || coalesce(json_format(CAST(json_extract_scalar(:readable_payload, '$.platform') AS JSON)), 'null')
            || '}'
END
