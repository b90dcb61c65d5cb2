"""What became of each delivery of a business event: the reference form of the audit view.

Of several admitted contents of one event the smallest wins, whatever came first. The SQL form is
`sql/views/business_events_audit.sql`; tests hold the two equal.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from adlake.business.contract import (
    CONTENT_FIELDS,
    LOWER_CASE,
    TYPES,
    UPPER_CASE,
    BusinessType,
)
from adlake.business.rules import Fields, Judged
from adlake.contracts.audit import BusinessFlag, DeliveryFinding

Position = tuple[str, int, int]
"""(topic, partition, offset): the same position read twice is one delivery."""
Content = tuple[int, int, bytes]
"""Event time (epoch ms), money (micros), the remaining fields as canonical JSON."""

_BEGIN: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CONFLICT: Final = DeliveryFinding.CONFLICTING_DUPLICATE
_LOWER: Final = str.maketrans(UPPER_CASE, LOWER_CASE)
_MONEY_COLUMN: Final = {"amount": "micros", "budget_value": "budget_micros"}


@dataclass(frozen=True)
class JudgedDelivery:
    """One delivery with its verdict."""

    position: Position
    ingest_ms: int
    verdict: Judged


def reasons(deliveries: Iterable[JudgedDelivery]) -> dict[Position, str]:
    """Why a delivery is in the audit, by position; those that merely count are left out.

    A rejected one has its reason. Of the admitted deliveries of one event the first of the winning
    content by (ingest time, partition, offset) counts, and is in the audit only with a remark of
    its own, such as BAD_BUDGET_VALUE or BUDGET_MISMATCH.
    """
    found: dict[Position, str] = {}
    events: dict[tuple[str, ...], dict[Position, JudgedDelivery]] = {}
    for one in deliveries:
        if one.verdict.reason is not None:
            found[one.position] = str(one.verdict.reason)
        else:
            events.setdefault(event_of(one), {})[one.position] = one
    counting = []
    for by_position in events.values():
        found |= _reasons_of_event(by_position.values())
        counting.append(min(by_position.values(), key=_carrier_order))
    return found | _mismatches(counting)


def content_of(fields: Fields) -> Content:
    """What two deliveries of one event agree or differ in: neither its ids nor how it came."""
    contract = TYPES[BusinessType(str(fields.event_type))]
    money = getattr(fields, _MONEY_COLUMN[contract.money]) if contract.money else 0
    return fields.ts_ms or 0, money, content_json(fields).encode()


def content_json(fields: Fields) -> str:
    """The fields of the content beside time and money, as canonical JSON.

    Keys sorted, no blanks, absent ones left out; money as a string of six decimals, times as
    `2026-03-02T10:05:00.000Z`. Of an e-mail address its SHA-256: the address stays in Bronze.
    """
    names = CONTENT_FIELDS[BusinessType(str(fields.event_type))]
    texts = {name: text for name in names if (text := _text_of(fields, name)) is not None}
    return json.dumps(texts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _reasons_of_event(deliveries: Iterable[JudgedDelivery]) -> dict[Position, str]:
    carrier, *others = sorted(deliveries, key=_carrier_order)
    winner, remark = content_of(carrier.verdict.fields), carrier.verdict.detail
    found = {} if remark is None else {carrier.position: str(remark)}
    for one in others:
        is_equal = content_of(one.verdict.fields) == winner
        finding = DeliveryFinding.DUPLICATE_DELIVERY if is_equal else _CONFLICT
        found[one.position] = str(finding)
    return found


def event_of(one: JudgedDelivery) -> tuple[str, ...]:
    """The event type, then the ids that it counts once per."""
    fields = one.verdict.fields
    event_type = BusinessType(str(fields.event_type))
    return (event_type, *(str(getattr(fields, name)) for name in TYPES[event_type].once_per))


def _mismatches(counting: Sequence[JudgedDelivery]) -> dict[Position, str]:
    """Clicks that carry another budget than the BUDGET_CHANGE in force at their time."""
    changes: dict[str | None, list[tuple[int, str, int]]] = defaultdict(list)
    for one in counting:
        told = one.verdict.fields
        if told.event_type == BusinessType.BUDGET_CHANGE and told.budget_micros is not None:
            change = (_ms(told), str(told.event_id), told.budget_micros)
            changes[told.advertiser_id].append(change)
    found = {}
    for one in counting:
        told = one.verdict.fields
        if told.event_type == BusinessType.AD_CLICK and told.budget_micros is not None:
            known = [change for change in changes[told.advertiser_id] if change[0] <= _ms(told)]
            if known and max(known)[2] != told.budget_micros:
                found[one.position] = str(BusinessFlag.BUDGET_MISMATCH)
    return found


def _ms(fields: Fields) -> int:
    return fields.ts_ms or 0


def _carrier_order(one: JudgedDelivery) -> tuple[Content, int, int, int, str]:
    topic, partition, offset = one.position
    return content_of(one.verdict.fields), one.ingest_ms, partition, offset, topic


def _text_of(fields: Fields, name: str) -> str | None:
    if name == "budget_value":
        micros = fields.budget_micros
        return None if micros is None else f"{Decimal(micros).scaleb(-6):.6f}"
    if name in {"flight_start", "flight_end"}:
        epoch_ms: int | None = getattr(fields, f"{name}_ms")
        return None if epoch_ms is None else _time_text(epoch_ms)
    text: str | None = getattr(fields, name)
    return _hash_of(text) if name == "email" else text


def _hash_of(address: str | None) -> str | None:
    """Of an e-mail address without blanks around it, in small letters; of none there is no hash."""
    text = (address or "").strip(" ").translate(_LOWER)
    return hashlib.sha256(text.encode()).hexdigest() if text else None


def _time_text(epoch_ms: int) -> str:
    moment = _BEGIN + timedelta(milliseconds=epoch_ms)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1_000:03d}Z"
