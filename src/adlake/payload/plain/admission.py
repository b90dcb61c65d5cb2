"""Bytes of a record to the members of its one strict JSON object, and single members to values.

The same for every topic: what a blank is, what an id may be, which numbers are times.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from adlake.contracts.details import RejectDetail
from adlake.contracts.law import (
    MAX_EVENT_MS_EXCLUSIVE,
    MAX_ID_BYTES,
    MAX_PAYLOAD_BYTES,
    MIN_EVENT_MS,
    MS_PER_SECOND,
    SECONDS_BELOW,
    LawConstants,
)
from adlake.payload.plain.strict_json import (
    JSON_WHITE_SPACE,
    JsonValue,
    Kind,
    StrictJsonError,
    read_object,
)

_INTEGER: Final = re.compile(r"-?[0-9]+")
_MAX_TIMESTAMP_DIGITS: Final = 18
_CONTROL: Final = re.compile("[\x00-\x1f]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_OTHER_VALUE_START: Final = re.compile(r'[\["\-0-9]')
_ABSENT: Final = JsonValue(Kind.NULL)

Members = Mapping[str, JsonValue]


def members_of(payload: bytes | None) -> Members | RejectDetail:
    """Members of the one strict JSON object that a record's value is, or what is wrong with it."""
    text = _text_of(payload)
    if isinstance(text, RejectDetail):
        return text
    try:
        return read_object(text)
    except StrictJsonError as error:
        return error.detail


def _text_of(payload: bytes | None) -> str | RejectDetail:  # noqa: PLR0911 - one test a line
    """The payload as text that begins like an object, or what is wrong with it."""
    if payload is None:
        return RejectDetail.NULL_VALUE
    if len(payload) > MAX_PAYLOAD_BYTES:
        return RejectDetail.TOO_LARGE
    content = payload.strip(JSON_WHITE_SPACE.encode())
    if not content:
        return RejectDetail.EMPTY
    if _begins_other_value(content):
        return RejectDetail.NOT_OBJECT
    if content[:1] != b"{":
        return RejectDetail.NOT_JSON
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError:
        return RejectDetail.BAD_UTF8


def _begins_other_value(content: bytes) -> bool:
    is_word = content in (b"true", b"false", b"null")
    return is_word or bool(_OTHER_VALUE_START.match(content[:1].decode("latin-1")))


def member(members: Members, name: str) -> JsonValue:
    """The member's value; an absent one is null."""
    return members.get(name, _ABSENT)


def held_text(value: JsonValue) -> str | None:
    """The value's string, None if it is not a string or not one that UTF-8 can hold."""
    is_held = value.kind is Kind.STRING and not _has_lone_surrogate(value.text)
    return value.text if is_held else None


def is_missing(value: JsonValue) -> bool:
    """Null, absent or blank: empty or only U+0020."""
    is_blank = value.kind is Kind.STRING and not value.text.strip(" ")
    return value.kind is Kind.NULL or is_blank


def is_wrong_type(value: JsonValue) -> bool:
    """Given, and not a string."""
    return value.kind in (Kind.NUMBER, Kind.OTHER)


def is_unfit_id(value: JsonValue) -> bool:
    """A string that cannot be an id: too long, or with a control character or lone surrogate."""
    if value.kind is not Kind.STRING:
        return False
    if _CONTROL.search(value.text) or _has_lone_surrogate(value.text):
        return True
    return len(value.text.encode("utf-8")) > MAX_ID_BYTES


def _has_lone_surrogate(text: str) -> bool:
    # No search where there can be none; an event's texts are looked at by the thousand a second.
    return not text.isascii() and _SURROGATE.search(text) is not None


def timestamp_of(value: JsonValue) -> int | RejectDetail:
    """Epoch milliseconds of a time field (seconds or milliseconds), or what is wrong with it."""
    if value.kind is not Kind.NUMBER or not _INTEGER.fullmatch(value.text):
        return RejectDetail.WRONG_TYPE_TS
    if len(value.text) > _MAX_TIMESTAMP_DIGITS:
        return RejectDetail.BAD_TS
    number = int(value.text)
    epoch_ms = number * MS_PER_SECOND if 0 <= number < SECONDS_BELOW else number
    if epoch_ms < 0 or epoch_ms >= MAX_EVENT_MS_EXCLUSIVE:
        return RejectDetail.BAD_TS
    return epoch_ms if epoch_ms >= MIN_EVENT_MS else RejectDetail.TS_TOO_OLD


def bad_time(
    ts_ms: int | RejectDetail, ingest_ms: int, constants: LawConstants
) -> RejectDetail | None:
    """What is wrong with an event's time; None for a time that counts."""
    if isinstance(ts_ms, RejectDetail):
        return ts_ms
    is_future = ts_ms > ingest_ms + constants.future_tolerance_ms
    return RejectDetail.TS_FUTURE if is_future else None
