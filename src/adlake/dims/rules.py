"""Admission of one campaign update, in plain Python: the reference form.

The first failing test, in the order of the contract, names the reason. `dims/spark.py` is the same
function for Spark and shares only the contract with this one; tests hold the two equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adlake.contracts.details import MISSING_DETAIL, RejectDetail
from adlake.contracts.events import RejectReason
from adlake.contracts.law import LAW_V1, LawConstants
from adlake.dims.contract import (
    EVENT_TYPE,
    ID_FIELDS,
    MONEY_FIELD,
    REASON_OF,
    REQUIRED,
    TEXT_FIELDS,
    VALUE_DETAIL,
    VALUE_SETS,
    Detail,
    UpdateDetail,
)
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


@dataclass(frozen=True)
class Update:
    """What admission reads of an update; None: it does not say.

    Of a rejected one each field stands as far as it can be read by itself.
    """

    event_id: str | None = None
    event_type: str | None = None
    campaign_id: str | None = None
    ts_ms: int | None = None
    name: str | None = None
    advertiser_id: str | None = None
    channel: str | None = None
    objective: str | None = None
    budget_type: str | None = None
    budget_micros: int | None = None
    status: str | None = None


@dataclass(frozen=True)
class Judged:
    """The verdict on one delivery: admitted while `reason` is None."""

    reason: RejectReason | None
    detail: Detail | None
    update: Update = Update()


def admit(payload: bytes | None, ingest_ms: int, constants: LawConstants = LAW_V1) -> Judged:
    """Judge one delivery: its value bytes (None: tombstone) and its Kafka time in epoch ms."""
    members = members_of(payload)
    if isinstance(members, RejectDetail):
        return Judged(REASON_OF[members], members)
    detail = _fault(members, ingest_ms, constants)
    return Judged(None if detail is None else REASON_OF[detail], detail, _read(members))


def _fault(members: Members, ingest_ms: int, constants: LawConstants) -> Detail | None:
    """The first failing test."""
    for name in REQUIRED:
        if is_missing(member(members, name)):
            return MISSING_DETAIL[name]
    if any(is_wrong_type(member(members, name)) for name in (*ID_FIELDS, "event_type")):
        return RejectDetail.WRONG_TYPE_ID
    if any(is_unfit_id(member(members, name)) for name in ID_FIELDS):
        return RejectDetail.BAD_ID
    if held_text(member(members, "event_type")) != EVENT_TYPE:
        return RejectDetail.BAD_EVENT_TYPE
    return bad_time(
        timestamp_of(member(members, "event_timestamp")), ingest_ms, constants
    ) or _bad_value(members)


def _bad_value(members: Members) -> Detail | None:
    budget = _budget(members)
    if budget in (RejectDetail.WRONG_TYPE, RejectDetail.OUT_OF_RANGE):
        return RejectDetail(budget)
    if any(_is_bad_text(members, name) for name in TEXT_FIELDS):
        return UpdateDetail.BAD_TEXT
    for name, known in VALUE_SETS.items():
        value = member(members, name)
        if not is_missing(value) and held_text(value) not in known:
            return VALUE_DETAIL[name]
    return RejectDetail.NEG_VALUE if budget is RejectDetail.NEG_VALUE else None


def _is_bad_text(members: Members, name: str) -> bool:
    value = member(members, name)
    return is_wrong_type(value) or is_unfit_id(value)


def _budget(members: Members) -> int | RejectDetail | None:
    """Micros of the budget or what is wrong with it; None if the update does not say."""
    value = member(members, MONEY_FIELD)
    return None if is_missing(value) else given_money(value)


def _read(members: Members) -> Update:
    read: dict[str, Any] = {
        name: None if is_missing(value) else held_text(value)
        for name in (*ID_FIELDS, "event_type", *TEXT_FIELDS, *VALUE_SETS)
        for value in (member(members, name),)
    }
    numbers = {
        "ts_ms": timestamp_of(member(members, "event_timestamp")),
        "budget_micros": _budget(members),
    }
    read |= {name: one for name, one in numbers.items() if not isinstance(one, RejectDetail)}
    return Update(**read)
