"""The events of advertisers, each once, and when each of them became what it is.

Deliveries of one event agree in their ids; of its contents the smallest wins, whatever the order of
arrival. What had been delivered at a moment is told by `changes_of`, in the order of arrival.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from adlake.budgets.contract import EventType, Period

Rank = tuple[int, int, bytes]
"""Event time, money, the remaining fields as canonical JSON: of several contents the smallest."""
Place = tuple[int, int, int]
"""(ingest time, partition, offset): the order in which deliveries came."""
EventKey = tuple[str, str, str]
"""Type, advertiser (of a click alone: other ids are unique without one), id."""


@dataclass(frozen=True)
class Told:
    """One admitted delivery; times are epoch milliseconds, money is micros."""

    event_type: EventType
    advertiser_id: str
    event_id: str
    """Of a click its `click_id`, of a credit its `credit_id`."""
    event_ms: int
    micros: int
    """Amount, or the budget of a change; 0 of a status."""
    content: bytes
    ingest_ms: int
    position: tuple[int, int]
    """Partition and offset."""
    advertiser: str | None = None
    ad_id: str | None = None
    campaign_id: str | None = None
    impression_id: str | None = None
    click_id: str | None = None
    """What a credit is for."""
    budget_micros: int | None = None
    """What a click carries."""
    period: Period = Period.DAILY
    status: str | None = None
    time_zone: str | None = None
    flight_start_ms: int | None = None
    flight_end_ms: int | None = None

    @property
    def key(self) -> EventKey:
        """What it counts once per."""
        owner = self.advertiser_id if self.event_type is EventType.CLICK else ""
        return self.event_type, owner, self.event_id

    @property
    def rank(self) -> Rank:
        """What decides between two contents."""
        return self.event_ms, self.micros, self.content

    @property
    def place(self) -> Place:
        """Where it stands among all deliveries."""
        return self.ingest_ms, *self.position


@dataclass(frozen=True)
class Change:
    """What one delivery did to the account of one advertiser."""

    advertiser_id: str
    place: Place
    trigger: str
    """Type and id of the event."""
    before: Told | None
    """What it takes the place of."""
    after: Told | None
    """None: another advertiser's content of the same event is the smaller one."""


def winners_of(deliveries: Iterable[Told]) -> list[Told]:
    """Each event once: the first delivery of its smallest content."""
    held: dict[EventKey, Told] = {}
    for one in deliveries:
        known = held.get(one.key)
        if known is None or (one.rank, one.place) < (known.rank, known.place):
            held[one.key] = one
    return sorted(held.values(), key=lambda one: (one.advertiser_id, one.event_ms, one.key))


def changes_of(deliveries: Iterable[Told]) -> list[Change]:
    """What each delivery changed, in the order of arrival; one that changes nothing is not there.

    An event that goes from one advertiser to another is a change for both.
    """
    held: dict[EventKey, Told] = {}
    found: list[Change] = []
    for one in sorted(deliveries, key=lambda told: told.place):
        known = held.get(one.key)
        if known is not None and known.rank <= one.rank:
            continue
        held[one.key] = one
        trigger = f"{one.event_type} {one.event_id}"
        if known is None or known.advertiser_id == one.advertiser_id:
            found.append(Change(one.advertiser_id, one.place, trigger, known, one))
        else:
            found.append(Change(known.advertiser_id, one.place, trigger, known, None))
            found.append(Change(one.advertiser_id, one.place, trigger, None, one))
    return found
