"""Which admitted events count, and with which content, in plain Python: the reference form.

An event counts once, whosever it is: of several contents the smallest wins, whatever came first. A
content is compared by time, money and the other fields as canonical JSON. Of each customer the
smallest content of its own is kept, also where another customer's counts: a smaller one may come.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from adlake.customers.contract import CONTENT_FIELDS, COUNTED_BY, CustomerType
from adlake.customers.rules import email_sha256

_COLUMN_OF: Final = {"email": "email_sha256"}
"""Where the name of a field is not that of its column."""


@dataclass(frozen=True)
class AdmittedEvent:
    """One admitted delivery of an event about a customer; times are epoch ms, money is micros."""

    event_type: CustomerType
    event_id: str
    event_ms: int
    ingest_ms: int
    user_id: str
    order_id: str | None = None
    micros: int | None = None
    activation_id: str | None = None
    channel: str | None = None
    status: str | None = None
    campaign_id: str | None = None
    name: str | None = None
    email: str | None = None
    geo_country: str | None = None


@dataclass(frozen=True)
class CustomerEvent:
    """One row of gold.customer_events."""

    event_type: str
    counted_id: str
    user_id: str
    event_ms: int
    micros: int | None
    """Of an order."""
    activation_id: str | None
    campaign_id: str | None
    channel: str | None
    status: str | None
    name: str | None
    email_sha256: str | None
    geo_country: str | None
    is_counted: bool
    """False: the event is another customer's, whose content is smaller."""
    first_ingest_ms: int
    """First arrival of the content."""

    @property
    def rank(self) -> tuple[int, int, str]:
        """What contents of one event are compared by."""
        return self.event_ms, self.micros or 0, content_json(self)


def customer_events(deliveries: Iterable[AdmittedEvent]) -> list[CustomerEvent]:
    """Neither the order of deliveries nor repeats matter."""
    smallest: dict[tuple[str, str, str], CustomerEvent] = {}
    for one in map(_row, deliveries):
        key = (one.event_type, one.counted_id, one.user_id)
        known = smallest.get(key, one)
        smallest[key] = min(known, one, key=lambda row: (row.rank, row.first_ingest_ms))
    winners: dict[tuple[str, str], tuple[int, int, str]] = {}
    for one in smallest.values():
        event = (one.event_type, one.counted_id)
        winners[event] = min(winners.get(event, one.rank), one.rank)
    return [
        replace(one, is_counted=one.rank == winners[one.event_type, one.counted_id])
        for one in smallest.values()
    ]


def content_json(event: CustomerEvent) -> str:
    """The fields of the content beside time and money; keys sorted, no blanks, no NULL members."""
    names = CONTENT_FIELDS[CustomerType(event.event_type)]
    said = {name: getattr(event, _COLUMN_OF.get(name, name)) for name in names}
    texts = {name: text for name, text in said.items() if text is not None}
    return json.dumps(texts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _row(event: AdmittedEvent) -> CustomerEvent:
    return CustomerEvent(
        str(event.event_type), str(getattr(event, COUNTED_BY[event.event_type])), event.user_id,
        event.event_ms, event.micros, event.activation_id, event.campaign_id, event.channel,
        event.status, event.name, email_sha256(event.email), event.geo_country, is_counted=True,
        first_ingest_ms=event.ingest_ms,
    )  # fmt: skip
