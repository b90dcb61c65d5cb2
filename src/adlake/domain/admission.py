"""Admission: the law's section 2 for one delivery, in plain Python.

Looks at nothing but the payload bytes and the Kafka time of the record. The first failing test,
in the law's order, names the reason. `transforms/admit.py` is the same function for Spark and
shares only contracts with this one; tests hold the two equal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from adlake.contracts.details import MISSING_DETAIL, REASON_OF, RejectDetail
from adlake.contracts.events import (
    ID_FIELDS,
    MONEY_FIELD,
    RANK,
    REQUIRED_BY_TYPE,
    REQUIRED_FIELDS,
    STRING_FIELDS,
    EventType,
    RejectReason,
)
from adlake.contracts.law import (
    LAW_V1,
    MAX_EVENT_MS_EXCLUSIVE,
    MAX_ID_BYTES,
    MAX_PAYLOAD_BYTES,
    MIN_EVENT_MS,
    MS_PER_SECOND,
    SECONDS_BELOW,
    LawConstants,
)
from adlake.domain.money import micros_of
from adlake.domain.strict_json import (
    JSON_WHITE_SPACE,
    JsonValue,
    Kind,
    StrictJsonError,
    read_object,
)

_INTEGER: Final = re.compile(r"-?[0-9]+")
_MAX_TIMESTAMP_DIGITS: Final = 18
_CONTROL: Final = re.compile("[\x00-\x1f]")
_OTHER_VALUE_START: Final = re.compile(r'[\["\-0-9]')
_ABSENT: Final = JsonValue(Kind.NULL)


@dataclass(frozen=True)
class Admitted:
    """What the law reads of an admitted event. Times are epoch milliseconds, money is micros."""

    event_id: str
    event_type: EventType
    type_rank: int
    ts_ms: int
    impression_id: str
    campaign_id: str | None
    creative_id: str | None
    user_id: str | None
    geo_country: str | None
    platform: str | None
    micros: int


@dataclass(frozen=True)
class Header:
    """The same fields of a rejected event, each None unless readable by itself."""

    event_id: str | None = None
    event_type: str | None = None
    type_rank: int | None = None
    ts_ms: int | None = None
    impression_id: str | None = None
    campaign_id: str | None = None
    creative_id: str | None = None
    user_id: str | None = None
    geo_country: str | None = None
    platform: str | None = None
    micros: int | None = None


@dataclass(frozen=True)
class Rejected:
    """A delivery that never touches Gold, and why."""

    reason: RejectReason
    detail: RejectDetail
    header: Header = Header()


def admit(
    payload: bytes | None, ingest_ms: int, constants: LawConstants = LAW_V1
) -> Admitted | Rejected:
    """Judge one delivery: its value bytes (None: tombstone) and its Kafka time in epoch ms."""
    text = _text_of(payload)
    if isinstance(text, RejectDetail):
        return Rejected(REASON_OF[text], text)
    try:
        members = read_object(text)
    except StrictJsonError as error:
        return Rejected(REASON_OF[error.detail], error.detail)
    return _admit_members(members, ingest_ms, constants)


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


def _admit_members(
    members: Mapping[str, JsonValue], ingest_ms: int, constants: LawConstants
) -> Admitted | Rejected:
    type_text = _held_text(members, "event_type")
    event_type = EventType(type_text) if type_text in set(EventType) else None
    ts_ms = _timestamp_of(members.get("event_timestamp", _ABSENT))
    micros = _money_of(members, event_type)
    header = Header(
        event_id=_held_text(members, "event_id"),
        event_type=type_text,
        type_rank=None if event_type is None else RANK[event_type],
        ts_ms=ts_ms if isinstance(ts_ms, int) else None,
        impression_id=_held_text(members, "impression_id"),
        campaign_id=_held_text(members, "campaign_id"),
        creative_id=_held_text(members, "creative_id"),
        user_id=_held_text(members, "user_id"),
        geo_country=_held_text(members, "geo_country"),
        platform=_held_text(members, "platform"),
        micros=micros if isinstance(micros, int) else None,
    )
    fault = _missing_key(members, event_type) or _bad_id(members)
    fault = fault or (RejectDetail.BAD_EVENT_TYPE if event_type is None else None)
    fault = fault or _bad_time(ts_ms, ingest_ms, constants)
    fault = fault or (micros if isinstance(micros, RejectDetail) else None)
    if fault is not None:
        return Rejected(REASON_OF[fault], fault, header)
    return _admitted(header)


def _admitted(header: Header) -> Admitted:
    fields = dict(vars(header))
    fields["event_type"] = EventType(str(header.event_type))
    return Admitted(**fields)


def _held_text(members: Mapping[str, JsonValue], name: str) -> str | None:
    """The field's string, None if it is not a string or not one that UTF-8 can hold."""
    value = members.get(name, _ABSENT)
    is_held = value.kind is Kind.STRING and not _has_lone_surrogate(value.text)
    return value.text if is_held else None


def _has_lone_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _missing_key(
    members: Mapping[str, JsonValue], event_type: EventType | None
) -> RejectDetail | None:
    required = REQUIRED_FIELDS + (() if event_type is None else REQUIRED_BY_TYPE[event_type])
    for name in required:
        value = members.get(name, _ABSENT)
        is_blank = value.kind is Kind.STRING and not value.text.strip(" ")
        if value.kind is Kind.NULL or is_blank:
            return MISSING_DETAIL[name]
    return None


def _bad_id(members: Mapping[str, JsonValue]) -> RejectDetail | None:
    if any(members.get(n, _ABSENT).kind in (Kind.NUMBER, Kind.OTHER) for n in STRING_FIELDS):
        return RejectDetail.WRONG_TYPE_ID
    if any(_is_unfit_id(members.get(name, _ABSENT).text) for name in ID_FIELDS):
        return RejectDetail.BAD_ID
    return None


def _is_unfit_id(text: str) -> bool:
    if _CONTROL.search(text) or _has_lone_surrogate(text):
        return True
    return len(text.encode("utf-8")) > MAX_ID_BYTES


def _timestamp_of(value: JsonValue) -> int | RejectDetail:
    """Epoch milliseconds of an event_timestamp, or what is wrong with it."""
    if value.kind is not Kind.NUMBER or not _INTEGER.fullmatch(value.text):
        return RejectDetail.WRONG_TYPE_TS
    if len(value.text) > _MAX_TIMESTAMP_DIGITS:
        return RejectDetail.BAD_TS
    number = int(value.text)
    epoch_ms = number * MS_PER_SECOND if 0 <= number < SECONDS_BELOW else number
    if epoch_ms < 0 or epoch_ms >= MAX_EVENT_MS_EXCLUSIVE:
        return RejectDetail.BAD_TS
    return epoch_ms if epoch_ms >= MIN_EVENT_MS else RejectDetail.TS_TOO_OLD


def _bad_time(
    ts_ms: int | RejectDetail, ingest_ms: int, constants: LawConstants
) -> RejectDetail | None:
    if isinstance(ts_ms, RejectDetail):
        return ts_ms
    is_future = ts_ms > ingest_ms + constants.future_tolerance_ms
    return RejectDetail.TS_FUTURE if is_future else None


def _money_of(
    members: Mapping[str, JsonValue], event_type: EventType | None
) -> int | RejectDetail | None:
    """Micros of the type's money field, or what is wrong with it; None for an unknown type."""
    if event_type is None:
        return None
    money_field = MONEY_FIELD[event_type]
    if money_field is None:
        return 0
    value = members.get(money_field, _ABSENT)
    return micros_of(value.text) if value.kind is Kind.NUMBER else RejectDetail.WRONG_TYPE
