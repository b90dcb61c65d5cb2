"""Admission: the law's section 2 for one delivery, in plain Python.

Looks at nothing but the payload bytes and the Kafka time of the record. The first failing test,
in the law's order, names the reason. `attribution/spark/admit.py` is the same function for
Spark and shares only contracts with this one; tests hold the two equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from adlake.attribution.law.segment_text import segment_text
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
from adlake.contracts.law import LAW_V1, LawConstants
from adlake.payload.plain.admission import (
    Members,
    bad_time,
    held_text,
    is_missing,
    is_unfit_id,
    is_wrong_type,
    member,
    members_of,
    timestamp_of,
)
from adlake.payload.plain.money import given_money

_EVENT_TYPES: Final = {str(one): one for one in EventType}


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
    channel: str | None = None
    region: str | None = None


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
    channel: str | None = None
    region: str | None = None


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
    members = members_of(payload)
    if isinstance(members, RejectDetail):
        return Rejected(REASON_OF[members], members)
    return admit_members(members, ingest_ms, constants)


def admit_members(
    members: Members, ingest_ms: int, constants: LawConstants = LAW_V1
) -> Admitted | Rejected:
    """The same for a payload that was read already (`payload.plain.admission.members_of`)."""
    type_text = _held(members, "event_type")
    event_type = _EVENT_TYPES.get(type_text or "")
    ts_ms = timestamp_of(member(members, "event_timestamp"))
    micros = _money_of(members, event_type)
    header = Header(
        event_id=_held(members, "event_id"),
        event_type=type_text,
        type_rank=None if event_type is None else RANK[event_type],
        ts_ms=ts_ms if isinstance(ts_ms, int) else None,
        impression_id=_held(members, "impression_id"),
        campaign_id=_held(members, "campaign_id"),
        creative_id=_held(members, "creative_id"),
        user_id=_held(members, "user_id"),
        geo_country=_held(members, "geo_country"),
        platform=_held(members, "platform"),
        micros=micros if isinstance(micros, int) else None,
        channel=segment_text(_held(members, "channel")),
        region=segment_text(_held(members, "region")),
    )
    fault = _missing_key(members, event_type) or _bad_id(members)
    fault = fault or (RejectDetail.BAD_EVENT_TYPE if event_type is None else None)
    fault = fault or bad_time(ts_ms, ingest_ms, constants)
    fault = fault or (micros if isinstance(micros, RejectDetail) else None)
    if fault is not None:
        return Rejected(REASON_OF[fault], fault, header)
    return _admitted(header)


def _admitted(header: Header) -> Admitted:
    fields = dict(vars(header))
    fields["event_type"] = EventType(str(header.event_type))
    return Admitted(**fields)


def _held(members: Members, name: str) -> str | None:
    return held_text(member(members, name))


def _missing_key(members: Members, event_type: EventType | None) -> RejectDetail | None:
    required = REQUIRED_FIELDS + (() if event_type is None else REQUIRED_BY_TYPE[event_type])
    for name in required:
        if is_missing(member(members, name)):
            return MISSING_DETAIL[name]
    return None


def _bad_id(members: Members) -> RejectDetail | None:
    if any(is_wrong_type(member(members, name)) for name in STRING_FIELDS):
        return RejectDetail.WRONG_TYPE_ID
    if any(is_unfit_id(member(members, name)) for name in ID_FIELDS):
        return RejectDetail.BAD_ID
    return None


def _money_of(members: Members, event_type: EventType | None) -> int | RejectDetail | None:
    """Micros of the type's money field, or what is wrong with it; None for an unknown type."""
    if event_type is None:
        return None
    money_field = MONEY_FIELD[event_type]
    if money_field is None:
        return 0
    return given_money(member(members, money_field))
