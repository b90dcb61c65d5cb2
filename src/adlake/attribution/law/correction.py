"""Correcting a rejected payload: members are set, everything else stays as it was sent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from json import JSONDecodeError
from typing import Final

from adlake.contracts.errors import AdlakeError
from adlake.contracts.events import LENIENT_STRING_FIELDS, SEGMENT_FIELDS, STRING_FIELDS

ORIGIN_FIELD: Final = "adlake_origin"
"""Where a re-submitted delivery came from. No field of the law, so no part of the content."""
_TEXT_FIELDS: Final = (*STRING_FIELDS, *LENIENT_STRING_FIELDS, *SEGMENT_FIELDS)
_SPACE: Final = " \t\r\n"


class CorrectionError(AdlakeError):
    """A payload in which no member can be set, or a value that says nothing."""


def parsed_setting(text: str) -> tuple[str, str]:
    """`field=value` -> the field and its JSON text.

    The value of a text field of the event is text as it stands (JSON when it begins with a quote or
    is `null`); any other value is JSON, or text when it is none.
    """
    field, equals, value = text.partition("=")
    if not equals or not field:
        raise CorrectionError(f"--set {text!r} is not of the form field=value")
    is_text = field in _TEXT_FIELDS and not value.startswith('"') and value != "null"
    try:
        if not is_text:
            json.loads(value, parse_constant=_refuse_constant)
            return field, value
    except ValueError:
        pass
    return field, json.dumps(value)


def with_members(payload: bytes | None, members: Mapping[str, str]) -> bytes:
    """The payload with these members (name -> JSON text) set; the others keep every byte.

    Raises:
        CorrectionError: the payload is not one JSON object in UTF-8, so there is nothing to set.
    """
    try:
        text = (payload or b"").decode("utf-8")
        kept = [slice_ for name, slice_ in _members(text) if name not in members]
    except (ValueError, IndexError, RecursionError) as error:
        raise CorrectionError(
            f"the payload is no JSON object ({error}), so no field can be set: give a whole one "
            "that is, with --payload"
        ) from None
    written = [f"{json.dumps(name)}:{value}" for name, value in members.items()]
    return ("{" + ",".join([*kept, *written]) + "}").encode()


def origin_text(topic: str, partition: int, offset: int) -> str:
    """JSON text of the member that names the rejected delivery."""
    origin = {"topic": topic, "partition": partition, "offset": offset}
    return json.dumps(origin, separators=(",", ":"))


def _members(text: str) -> Iterator[tuple[str, str]]:
    """Name and source text of each member of one object; raises ValueError or IndexError."""
    decoder = json.JSONDecoder()
    place = _expect(text, _skip(text, 0), "{")
    is_empty = text[_skip(text, place)] == "}"
    while not is_empty:
        start = _skip(text, place)
        _expect(text, start, '"')
        name, after_name = decoder.raw_decode(text, start)
        value_start = _skip(text, _expect(text, _skip(text, after_name), ":"))
        _, end = decoder.raw_decode(text, value_start)
        yield name, text[start:end]
        place = _skip(text, end)
        if text[place] == "}":
            break
        place = _expect(text, place, ",")
    end_of_object = _expect(text, _skip(text, place), "}")
    if _skip(text, end_of_object) != len(text):
        raise JSONDecodeError("something follows the object", text, end_of_object)


def _skip(text: str, place: int) -> int:
    while place < len(text) and text[place] in _SPACE:
        place += 1
    return place


def _expect(text: str, place: int, symbol: str) -> int:
    if text[place] != symbol:
        raise JSONDecodeError(f"expected {symbol}", text, place)
    return place + 1


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
