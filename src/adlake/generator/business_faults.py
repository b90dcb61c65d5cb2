"""Trouble with business events: the delivery faults of `faults`, by the same shares and names.

Each has a known right answer: the reason that the delivery must be rejected for, or the remark on
an admitted one. At most one fault an event.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final, NamedTuple

from adlake.business.contract import (
    FREE_TEXT_TYPES,
    LENIENT_BUDGET_TYPE,
    TYPES,
    BusinessDetail,
    BusinessType,
)
from adlake.contracts.events import RejectReason
from adlake.contracts.law import LAW_V1, MAX_EVENT_MS_EXCLUSIVE, MICROS_PER_UNIT
from adlake.generator.business_events import BusinessEvent
from adlake.generator.damage import MALFORMATIONS, Fields, damaged_payload, object_of
from adlake.generator.draws import U32, Draws
from adlake.generator.faults import CORRECTED_SHARE

_SECOND, _MINUTE, _HOUR, _DAY = 1_000, 60_000, 3_600_000, 86_400_000
MONEY_FIELDS: Final = ("amount", "budget_value")
AGAIN: Final = "again"
"""The same ORDER under an event id of its own: still one order."""


class BusinessDelivery(NamedTuple):
    """One record to publish, not before `due_ms`, possibly damaged, by which fault profile."""

    due_ms: int
    event: BusinessEvent
    damage: str = ""
    fault: str = ""


def _with(**changes: bytes) -> Callable[[Fields, BusinessEvent], Fields]:
    return lambda fields, event: {**fields, **{n.encode(): raw for n, raw in changes.items()}}


def _key_as(raw: bytes) -> Callable[[Fields, BusinessEvent], Fields]:
    return lambda fields, event: {**fields, TYPES[event.event_type].key.encode(): raw}


def _outside_set(fields: Fields, event: BusinessEvent) -> Fields:
    name = next(iter(TYPES[event.event_type].value_sets))
    return {**fields, name.encode(): b'"SOMETHING_NEW"'}


def _string_money(fields: Fields, event: BusinessEvent) -> Fields:
    name = str(TYPES[event.event_type].money).encode()
    return {**fields, name: b'"%b"' % fields[name]}


def _has_money(one: BusinessType) -> bool:
    return TYPES[one].money is not None


_Drift = tuple[
    RejectReason | BusinessDetail | None,
    Callable[[BusinessType], bool],
    Callable[[Fields, BusinessEvent], Fields],
]
_ANY: Final[Callable[[BusinessType], bool]] = lambda one: True  # noqa: E731
_DRIFTED: Final[dict[str, _Drift]] = {
    "new_field": (None, _ANY, _with(schema_version=b"2", consent=b"true")),
    "nested_field": (None, _ANY, _with(device=b'{"os":{"name":"ios","version":[17,5,1]}}')),
    "reordered": (None, _ANY, lambda fields, event: dict(reversed(fields.items()))),
    "foreign_fields": (None, _ANY, _with(impressions=b"-1", bid_price=b'"x"')),
    "spaced_channel": (None, lambda one: one in FREE_TEXT_TYPES, _with(channel=b'" SEARCH "')),
    "no_channel": (None, lambda one: one in FREE_TEXT_TYPES, _with(channel=b"null")),
    "bad_budget": (
        BusinessDetail.BAD_BUDGET_VALUE,
        lambda one: one is LENIENT_BUDGET_TYPE,
        _with(budget_value=b'"a lot"'),
    ),
    "string_timestamp": (
        RejectReason.BAD_TIMESTAMP, _ANY, _with(event_timestamp=b'"1706600050"'),
    ),
    "iso_timestamp": (
        RejectReason.BAD_TIMESTAMP, _ANY, _with(event_timestamp=b'"2024-01-30T07:34:10Z"'),
    ),
    "ancient_timestamp": (RejectReason.BAD_TIMESTAMP, _ANY, _with(event_timestamp=b"0")),
    "number_id": (RejectReason.BAD_ID, _ANY, _key_as(b"4711")),
    "long_id": (RejectReason.BAD_ID, _ANY, _key_as(b'"' + b"x" * 257 + b'"')),
    "new_event_type": (RejectReason.UNKNOWN_EVENT_TYPE, _ANY, _with(event_type=b'"REFUND"')),
    "lower_case_type": (RejectReason.UNKNOWN_EVENT_TYPE, _ANY, _with(event_type=b'"order"')),
    "string_money": (RejectReason.BAD_VALUE, _has_money, _string_money),
    "huge_money": (
        RejectReason.BAD_VALUE,
        lambda one: TYPES[one].money == "amount",
        _with(amount=b"1e12"),
    ),
    "outside_set": (RejectReason.BAD_VALUE, lambda one: bool(TYPES[one].value_sets), _outside_set),
}  # fmt: skip


def _duplicates(draws: Draws, event: BusinessEvent, due_ms: int) -> list[BusinessDelivery]:
    copies = [BusinessDelivery(due_ms, event)]
    for _ in range(draws.between(1, 3)):
        hold = draws.choice((0, 5 * _SECOND, 10 * _MINUTE, 6 * _HOUR))
        is_other_id = event.event_type is BusinessType.ORDER and draws.chance(0.3)
        damage = AGAIN if is_other_id else ""
        copies.append(BusinessDelivery(due_ms + draws.below(hold + 1), event, damage, "duplicates"))
    return copies


def _conflicting_duplicates(
    draws: Draws, event: BusinessEvent, due_ms: int
) -> list[BusinessDelivery]:
    """Two contents of one event; `event` stays the smaller one."""
    money = TYPES[event.event_type].money
    larger = event._replace(variant=1, ts_ms=event.ts_ms + 1_000)
    if money is not None and draws.chance(0.5):
        fields = event.fields | {money: event.micros + draws.between(1, 9_000_000)}
        larger = event._replace(variant=1, fields=fields)
    pair = [
        BusinessDelivery(due_ms, event),
        BusinessDelivery(due_ms, larger, fault="conflicting_duplicates"),
    ]
    if draws.chance(0.5):
        pair.reverse()
    first_ms = max(due_ms, pair[0].event.ts_ms)
    later = pair[1]._replace(due_ms=first_ms + draws.between(2 * _SECOND, _HOUR))
    return [pair[0]._replace(due_ms=first_ms), later]


def _late(draws: Draws, event: BusinessEvent, due_ms: int) -> list[BusinessDelivery]:
    longest = draws.choice((2 * _HOUR, 6 * _HOUR, _DAY, 8 * _DAY))
    delay_ms = draws.between(LAW_V1.late_tolerance_ms + 1_001, longest)
    return [BusinessDelivery(max(due_ms, event.ts_ms + delay_ms), event, fault="late")]


def _out_of_order(draws: Draws, event: BusinessEvent, due_ms: int) -> list[BusinessDelivery]:
    longest = draws.choice((10 * _SECOND, _MINUTE, 50 * _MINUTE))
    held_ms = due_ms + draws.between(_SECOND, longest)
    return [BusinessDelivery(held_ms, event, fault="out_of_order")]


def _missing_keys(draws: Draws, event: BusinessEvent, due_ms: int) -> list[BusinessDelivery]:
    header = ("event_id", "event_type", "event_timestamp")
    names = (*header, *TYPES[event.event_type].required)
    if event.event_type is BusinessType.AD_CLICK:
        names = names[1:]
    damage = f"missing:{draws.choice(names)}{draws.choice(('', ':null', ':blank'))}"
    return _damaged(draws, event, due_ms, damage, "missing_keys")


def _negative_values(draws: Draws, event: BusinessEvent, due_ms: int) -> list[BusinessDelivery]:
    """Sound where the type has no money."""
    names = [name for name in MONEY_FIELDS if name in event.fields]
    if not names:
        return [BusinessDelivery(due_ms, event)]
    return _damaged(draws, event, due_ms, f"negative:{draws.choice(names)}", "negative_values")


def _malformed(draws: Draws, event: BusinessEvent, due_ms: int) -> list[BusinessDelivery]:
    return _damaged(draws, event, due_ms, f"malformed:{draws.choice(MALFORMATIONS)}", "malformed")


def _schema_drift(draws: Draws, event: BusinessEvent, due_ms: int) -> list[BusinessDelivery]:
    fitting = [name for name, (_, fits, _) in _DRIFTED.items() if fits(event.event_type)]
    return _damaged(draws, event, due_ms, f"drift:{draws.choice(fitting)}", "schema_drift")


def _damaged(
    draws: Draws, event: BusinessEvent, due_ms: int, damage: str, fault: str
) -> list[BusinessDelivery]:
    deliveries = [BusinessDelivery(due_ms, event, damage, fault)]
    if draws.chance(CORRECTED_SHARE):
        later_ms = due_ms + draws.between(_SECOND, 20 * _MINUTE)
        deliveries.append(BusinessDelivery(later_ms, event))
    return deliveries


def _future_clocks(draws: Draws, event: BusinessEvent, due_ms: int) -> list[BusinessDelivery]:
    """A third stays within the tolerance (admitted), the rest is an hour to centuries ahead."""
    if draws.chance(1 / 3):
        ahead_ms = draws.between(_SECOND, LAW_V1.future_tolerance_ms)
    else:
        ahead_ms = draws.between(_HOUR, draws.choice((2 * _HOUR, 2 * _DAY, 80 * 365 * _DAY)))
    ts_ms = min(due_ms + ahead_ms, MAX_EVENT_MS_EXCLUSIVE - 1)
    deliveries = [
        BusinessDelivery(due_ms, event._replace(ts_ms=ts_ms, variant=1), "", "future_clocks")
    ]
    if draws.chance(CORRECTED_SHARE):
        deliveries.append(BusinessDelivery(due_ms + draws.between(_SECOND, _HOUR), event))
    return deliveries


_Fault = Callable[[Draws, BusinessEvent, int], list[BusinessDelivery]]
_FAULTS: Final[dict[str, _Fault]] = {
    "duplicates": _duplicates,
    "conflicting_duplicates": _conflicting_duplicates,
    "late": _late,
    "out_of_order": _out_of_order,
    "missing_keys": _missing_keys,
    "negative_values": _negative_values,
    "malformed": _malformed,
    "future_clocks": _future_clocks,
    "schema_drift": _schema_drift,
}


def deliveries_of(
    event: BusinessEvent, due_ms: int, draws: Draws, shares: dict[str, float]
) -> list[BusinessDelivery]:
    """How an event reaches the topic: plainly, or by one of the delivery faults."""
    draw, bound = draws.u32(), 0
    for name, fault in _FAULTS.items():
        bound += int(shares.get(name, 0.0) * U32)
        if draw < bound:
            return fault(draws, event, due_ms)
    return [BusinessDelivery(due_ms, event)]


def verdict_on(delivery: BusinessDelivery) -> RejectReason | BusinessDetail | None:
    """The reason a delivery must be rejected for, the remark on an admitted one, or None."""
    kind, _, detail = delivery.damage.partition(":")
    event = delivery.event
    if kind == "missing":
        return RejectReason.MISSING_KEY
    if kind == "malformed":
        return RejectReason.MALFORMED_JSON
    if kind == "drift":
        return _DRIFTED[detail][0]
    if kind == "negative":
        is_judged = TYPES[event.event_type].money == detail
        return RejectReason.NEGATIVE_VALUE if is_judged else BusinessDetail.BAD_BUDGET_VALUE
    is_future = event.stamped_ms > delivery.due_ms + LAW_V1.future_tolerance_ms
    return RejectReason.FUTURE_TIMESTAMP if is_future else None


def record_of(
    delivery: BusinessDelivery, event_id: str, *, may_omit_id: bool
) -> tuple[bytes | None, bytes | None]:
    """Kafka key and value.

    Args:
        delivery: to be sent.
        event_id: of its event.
        may_omit_id: leave the event id of a sound AD_CLICK away: its click id stands for it.
    """
    event, damage = delivery.event, delivery.damage
    key_field = TYPES[event.event_type].key
    fields = _fields(event, event_id + (f"-{AGAIN}" if damage == AGAIN else ""))
    if may_omit_id and not damage and event.event_type is BusinessType.AD_CLICK:
        del fields[b"event_id"]
    key: bytes | None = str(event.fields[key_field]).encode()
    kind, _, detail = damage.partition(":")
    if kind in ("missing", "malformed"):
        if detail.startswith(key_field):
            key = None
            fields.pop(b"advertiser", None)
        return key, damaged_payload(damage, 0, fields)
    if kind == "negative":
        fields[detail.encode()] = b"-" + fields[detail.encode()]
    if kind == "drift":
        fields = _DRIFTED[detail][2](fields, event)
    return key, object_of(fields)


def _fields(event: BusinessEvent, event_id: str) -> Fields:
    timestamp = event.ts_ms // 1_000 if event.in_seconds else event.ts_ms
    fields: Fields = {
        b"event_id": b'"%b"' % event_id.encode(),
        b"event_type": b'"%b"' % event.event_type.encode(),
        b"event_timestamp": b"%d" % timestamp,
    }
    for name, value in event.fields.items():
        raw = json.dumps(value)
        if name in MONEY_FIELDS:
            whole, micros = divmod(int(value or 0), MICROS_PER_UNIT)
            raw = f"{whole}.{micros:06d}"
        fields[name.encode()] = raw.encode()
    return fields
