-- canonical_json: an object of text members as canonical JSON, those that are NULL left out.
-- Of a column `members`: rows of name and text, in the order of their names.
'{' || array_join(
    transform(
        filter(
            members,
            member -> member[2] IS NOT NULL
        ),
        member -> '"' || member[1] || '":"' || reduce(
            sequence(0, 31),
            replace(replace(member[2], chr(92), chr(92) || chr(92)), '"', chr(92) || '"'),
            (text, code) -> replace(text, chr(code), chr(92) || CASE code
                WHEN 8 THEN 'b'
                WHEN 9 THEN 't'
                WHEN 10 THEN 'n'
                WHEN 12 THEN 'f'
                WHEN 13 THEN 'r'
                ELSE 'u' || lpad(to_base(code, 16), 4, '0')
            END),
            text -> text
        ) || '"'
    ),
    ','
) || '}'
