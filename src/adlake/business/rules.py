"""Admission of one business event, in plain Python: the reference form.

The first failing test, in the order of the contract, names the reason. `business/spark.py` is the
same function for Spark and shares only the contract with this one; tests hold the two equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from adlake.business.contract import (
    ADVERTISER_TYPES,
    BRONZE_ID_FIELDS,
    FLIGHT_FIELDS,
    FREE_TEXT_FIELDS,
    FREE_TEXT_TYPES,
    HEADER_FIELDS,
    ID_FIELDS,
    LENIENT_BUDGET_TYPE,
    LENIENT_STRING_FIELDS,
    LOWER_CASE,
    MISSING_DETAIL,
    POSITIVE_MONEY_TYPE,
    REASON_OF,
    TYPES,
    UNKNOWN,
    UPPER_CASE,
    VALUE_DETAIL,
    VALUE_SET_FIELDS,
    BusinessDetail,
    BusinessType,
    Detail,
    fields_of,
)
from adlake.contracts.details import RejectDetail
from adlake.contracts.events import RejectReason
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
from adlake.payload.plain.strict_json import JsonValue, Kind

_LOWER: Final = str.maketrans(UPPER_CASE, LOWER_CASE)
_HEADER_ALONE: Final = frozenset((*HEADER_FIELDS, *BRONZE_ID_FIELDS))
"""What is read of a record of unknown type."""


@dataclass(frozen=True)
class Fields:
    """What admission reads of an event (`FIELD_COLUMNS`); None where the type lacks the field.

    Times are epoch milliseconds, money is micros. Of a rejected event each field stands as far as
    it can be read by itself.
    """

    event_id: str | None = None
    user_id: str | None = None
    advertiser_id: str | None = None
    campaign_id: str | None = None
    impression_id: str | None = None
    order_id: str | None = None
    activation_id: str | None = None
    click_id: str | None = None
    ad_id: str | None = None
    credit_id: str | None = None
    event_type: str | None = None
    advertiser: str | None = None
    name: str | None = None
    email: str | None = None
    geo_country: str | None = None
    channel: str | None = None
    region: str | None = None
    status: str | None = None
    period: str | None = None
    reason: str | None = None
    time_zone: str | None = None
    ts_ms: int | None = None
    flight_start_ms: int | None = None
    flight_end_ms: int | None = None
    micros: int | None = None
    """Of `amount`."""
    budget_micros: int | None = None
    """Of `budget_value`; None for a bad one on an AD_CLICK."""
    has_own_key: bool | None = None
    """The Kafka key is the user's or advertiser's id; a remark, no verdict. None if rejected."""


@dataclass(frozen=True)
class Judged:
    """The verdict on one delivery: admitted while `reason` is None."""

    reason: RejectReason | None
    detail: Detail | None
    """What failed; on an admitted AD_CLICK it may be BAD_BUDGET_VALUE."""
    fields: Fields = Fields()


def admit(
    payload: bytes | None, key: bytes | None, ingest_ms: int, constants: LawConstants = LAW_V1
) -> Judged:
    """Judge one delivery: its value bytes (None: tombstone), key and Kafka time in epoch ms."""
    members = members_of(payload)
    if isinstance(members, RejectDetail):
        return Judged(REASON_OF[members], members)
    return admit_members(members, key, ingest_ms, constants)


def admit_members(
    members: Members, key: bytes | None, ingest_ms: int, constants: LawConstants = LAW_V1
) -> Judged:
    """The same for a payload that was read already (`payload.plain.admission.members_of`)."""
    event_type = _type_of(members)
    event = _read(members, event_type)
    detail = _fault(event, event_type, ingest_ms, constants) or _audit(event, event_type)
    reason = None if detail is None else REASON_OF.get(detail)
    own_key = _has_own_key(event, event_type, key) if reason is None else None
    return Judged(reason, detail, _fields(event, event_type, own_key))


def _type_of(members: Members) -> BusinessType | None:
    text = held_text(member(members, "event_type"))
    return BusinessType(text) if text in set(BusinessType) else None


def _read(members: Members, event_type: BusinessType | None) -> Members:
    """The members that the type has, its defaults filled in."""
    event = dict(members)
    if event_type is BusinessType.AD_CLICK and is_missing(member(event, "event_id")):
        event["event_id"] = member(event, "click_id")
    if event_type in ADVERTISER_TYPES and is_missing(member(event, "advertiser_id")):
        event["advertiser_id"] = member(event, "advertiser")
    names = _HEADER_ALONE if event_type is None else fields_of(event_type)
    return {name: value for name, value in event.items() if name in names}


def _fault(
    event: Members, event_type: BusinessType | None, ingest_ms: int, constants: LawConstants
) -> Detail | None:
    """The first failing test."""
    fault: Detail | None = _missing_key(event, event_type) or _bad_id(event, event_type)
    if fault is not None or event_type is None:
        return fault or RejectDetail.BAD_EVENT_TYPE
    fault = bad_time(timestamp_of(member(event, "event_timestamp")), ingest_ms, constants)
    fault = fault or _bad_money(event, event_type) or _outside_its_set(event, event_type)
    fault = fault or _bad_flight(event)
    is_negative = _money_of(event, TYPES[event_type].money) is RejectDetail.NEG_VALUE
    return fault or (RejectDetail.NEG_VALUE if is_negative else None)


def _missing_key(event: Members, event_type: BusinessType | None) -> Detail | None:
    of_type = () if event_type is None else TYPES[event_type].required
    has_default = event_type is BusinessType.AD_CLICK
    header = tuple(n for n in HEADER_FIELDS if not (has_default and n == "event_id"))
    for name in (*header, *of_type):
        if is_missing(member(event, name)):
            return MISSING_DETAIL[name]
    return None


def _bad_id(event: Members, event_type: BusinessType | None) -> RejectDetail | None:
    judged = ("event_id",) if event_type is None else ID_FIELDS
    if any(is_wrong_type(member(event, name)) for name in (*judged, "event_type")):
        return RejectDetail.WRONG_TYPE_ID
    if any(is_unfit_id(member(event, name)) for name in judged):
        return RejectDetail.BAD_ID
    return None


def _money_of(event: Members, name: str | None) -> int | RejectDetail | None:
    """Micros of a money field or what is wrong with it; None if it is not given."""
    value = JsonValue(Kind.NULL) if name is None else member(event, name)
    return None if is_missing(value) else given_money(value)


def _bad_money(event: Members, event_type: BusinessType) -> Detail | None:
    micros = _money_of(event, TYPES[event_type].money)
    if micros in (RejectDetail.WRONG_TYPE, RejectDetail.OUT_OF_RANGE):
        return RejectDetail(micros)
    is_nothing = event_type is POSITIVE_MONEY_TYPE and micros == 0
    return BusinessDetail.ZERO_CREDIT if is_nothing else None


def _outside_its_set(event: Members, event_type: BusinessType) -> Detail | None:
    value_sets = TYPES[event_type].value_sets
    for name in VALUE_SET_FIELDS:
        value = member(event, name)
        is_judged = name in value_sets and not is_missing(value)
        if is_judged and held_text(value) not in value_sets[name]:
            return VALUE_DETAIL[name]
    return None


def _bad_flight(event: Members) -> Detail | None:
    given = [member(event, name) for name in FLIGHT_FIELDS if not is_missing(member(event, name))]
    is_bad = any(not isinstance(timestamp_of(value), int) for value in given)
    return BusinessDetail.BAD_FLIGHT if is_bad else None


def _audit(event: Members, event_type: BusinessType | None) -> Detail | None:
    """A remark on an admitted event: its budget cannot be read."""
    is_lenient = event_type is LENIENT_BUDGET_TYPE
    is_bad = isinstance(_money_of(event, "budget_value"), RejectDetail)
    return BusinessDetail.BAD_BUDGET_VALUE if is_lenient and is_bad else None


def _has_own_key(event: Members, event_type: BusinessType | None, key: bytes | None) -> bool | None:
    if event_type is None:
        return None
    return key == member(event, TYPES[event_type].key).text.encode()


def _fields(event: Members, event_type: BusinessType | None, own_key: bool | None) -> Fields:
    strings = (*ID_FIELDS, "event_type", *LENIENT_STRING_FIELDS)
    read: dict[str, Any] = {name: held_text(member(event, name)) for name in strings}
    for name in VALUE_SET_FIELDS:
        value = member(event, name)
        read[name] = None if is_missing(value) else held_text(value)
    if event_type in FREE_TEXT_TYPES:
        read |= {name: _free_text(member(event, name)) for name in FREE_TEXT_FIELDS}
    numbers = {
        "ts_ms": timestamp_of(member(event, "event_timestamp")),
        **{f"{name}_ms": timestamp_of(member(event, name)) for name in FLIGHT_FIELDS},
        "micros": _money_of(event, "amount"),
        "budget_micros": _money_of(event, "budget_value"),
    }
    read |= {name: one for name, one in numbers.items() if not isinstance(one, RejectDetail)}
    return Fields(**read, has_own_key=own_key)


def _free_text(value: JsonValue) -> str:
    return (held_text(value) or "").strip(" ").translate(_LOWER) or UNKNOWN
