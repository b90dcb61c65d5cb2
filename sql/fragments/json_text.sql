-- json_text: a text as a JSON string. :text is a column.
'"' || reduce(
    sequence(0, 31),
    replace(replace(:text, chr(92), chr(92) || chr(92)), '"', chr(92) || '"'),
    (written, code) -> replace(written, chr(code), chr(92) || CASE code
        WHEN 8 THEN 'b'
        WHEN 9 THEN 't'
        WHEN 10 THEN 'n'
        WHEN 12 THEN 'f'
        WHEN 13 THEN 'r'
        ELSE 'u' || lpad(to_base(code, 16), 4, '0')
    END),
    written -> written
) || '"'
