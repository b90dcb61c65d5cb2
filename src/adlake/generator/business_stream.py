"""The stream of business events beside the ad events: which record is due when.

It follows the ad events and never changes them: a journey that has a click brings business events
of its own draws, advertisers act hour by hour. A record's Kafka time is the moment it was due, so
the stream up to any moment is a pure function of the run key; how it is cut into pieces is not.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from adlake.business.contract import BusinessDetail
from adlake.contracts.events import RejectReason
from adlake.generator.account_totals import AccountTotals, winners_of
from adlake.generator.business_events import (
    ADVERTISER_PERIOD_MS,
    BusinessEvent,
    advertiser_events,
    audience_events,
    clicks_of,
    journey_events,
)
from adlake.generator.business_faults import (
    BusinessDelivery,
    deliveries_of,
    record_of,
    verdict_on,
)
from adlake.generator.business_truth import BusinessCounts
from adlake.generator.draws import Draws, value_at
from adlake.generator.encode import Encoder
from adlake.generator.journey import Scene
from adlake.generator.model import DELIVERY_LATENCY_MS, SECONDS_SHARE
from adlake.generator.overspend import Overspender
from adlake.generator.planner import CACHE_SIZE, Planner
from adlake.generator.publishing import Record

Pending = tuple[int, int, int, int, int, int]
"""(due ms, source, born ms, creative, next delivery, mask of admitted deliveries). A source is the
impression's sequence number, or below zero an advertiser and its hour; an hour that has yet to be
planned has NOT_PLANNED for the next delivery."""
NOT_PLANNED: Final = -1
NO_CREATIVE: Final = -1
OVERSPENDING: Final = -(1 << 62)
"""Source of the events of the scenario's own advertiser: below that of any hour."""


class BusinessStream:
    """Business events of one run and their position; `to_state` and `restore` carry it over."""

    def __init__(
        self,
        key: bytes,
        planner: Planner,
        encoder: Encoder,
        advertisers: Sequence[str],
        shares: dict[str, float],
        *,
        overspender: Overspender | None = None,
    ) -> None:
        """Make an empty stream.

        Args:
            key: of the run.
            planner: gives the journeys, as it gives them to the ad events.
            encoder: gives the clicks their ids.
            advertisers: id of the advertiser by campaign.
            shares: of the fault profiles.
            overspender: of the scenario that has one.
        """
        self._key = key
        self._planner = planner
        self._encoder = encoder
        self._advertisers = advertisers
        self._known_advertisers = sorted(set(advertisers))
        self._shares = shares
        self.overspender = overspender
        self._plans: dict[int, list[BusinessDelivery]] = {}
        self.pending: list[Pending] = []
        self.counts = BusinessCounts()
        self.accounts: AccountTotals | None = AccountTotals()
        """None: this run began before they were counted."""

    def open_advertisers(self, begin_ms: int) -> None:
        """From `begin_ms` on each advertiser acts, hour by hour."""
        for number in range(len(self._known_advertisers)):
            self._await_hour(-1 - number, begin_ms)
        if self.overspender is not None:
            self._push(OVERSPENDING, begin_ms, NO_CREATIVE)

    def open_journey(self, sequence: int, born_ms: int, creative: int) -> None:
        """An impression is born that more may follow than the ad events."""
        self._push(sequence, born_ms, creative)

    def until(self, last_ms: int, limit: int, *, goes_on: bool = True) -> list[Record]:
        """The next records, at most `limit`, all that were due by `last_ms`.

        Args:
            last_ms: no later than the next journey is born.
            limit: of records.
            goes_on: advertisers act in the next hours too.
        """
        records: list[Record] = []
        while self.pending and self.pending[0][0] <= last_ms and len(records) < limit:
            entry = heapq.heappop(self.pending)
            if entry[4] != NOT_PLANNED:
                records.append(self._send(entry))
            elif goes_on:
                self._begin_hour(entry)
        return records

    def _await_hour(self, source: int, begin_ms: int) -> None:
        heapq.heappush(self.pending, (begin_ms, source, begin_ms, NO_CREATIVE, NOT_PLANNED, 0))

    def _begin_hour(self, entry: Pending) -> None:
        begin_ms, source, *_ = entry
        self._push(source, begin_ms, NO_CREATIVE)
        self._await_hour(source - len(self._known_advertisers), begin_ms + ADVERTISER_PERIOD_MS)

    def _push(self, source: int, born_ms: int, creative: int) -> None:
        deliveries = self._plan(source, born_ms, creative)
        if deliveries:
            entry = (deliveries[0].due_ms, source, born_ms, creative, 0, 0)
            heapq.heappush(self.pending, entry)

    def _plan(self, source: int, born_ms: int, creative: int) -> list[BusinessDelivery]:
        known = self._plans.get(source)
        if known is not None:
            return known
        draws = Draws(self._key, b"business" + source.to_bytes(8, "little", signed=True))
        events = self._events(source, born_ms, creative, draws)
        deliveries = []
        for event in events:
            stamped = event._replace(in_seconds=draws.chance(SECONDS_SHARE))
            due_ms = max(born_ms, event.ts_ms + value_at(DELIVERY_LATENCY_MS, draws.u32()))
            # A scenario would be no scenario without its budget.
            shares = {} if source == OVERSPENDING else self._shares
            deliveries += deliveries_of(stamped, due_ms, draws, shares)
        deliveries.sort(key=lambda delivery: delivery.due_ms)
        if len(self._plans) >= CACHE_SIZE:
            self._plans.clear()
        self._plans[source] = deliveries
        return deliveries

    def _events(
        self, source: int, born_ms: int, creative: int, draws: Draws
    ) -> list[BusinessEvent]:
        if source == OVERSPENDING:
            return self.overspender.events(born_ms) if self.overspender else []
        if source < 0:
            hour, number = divmod(-1 - source, len(self._known_advertisers))
            return advertiser_events(self._known_advertisers[number], hour, born_ms, draws)
        scene, deliveries = self._planner.journey(source, born_ms, creative)
        sent = [one.event for one in deliveries if not one.is_withheld]
        clicks = clicks_of(sent)
        if clicks:
            return journey_events(scene, clicks, self._payers(scene), draws, self._encoder)
        if len(deliveries) == 1:
            # The journey is over with its impression, and would be kept in vain.
            self._planner.forget(source)
        return audience_events(scene, draws) if scene.is_engaging and sent else []

    def _payers(self, scene: Scene) -> Sequence[str]:
        """Advertiser by campaign, for the clicks of one impression."""
        if self.overspender is None:
            return self._advertisers
        return self.overspender.payers(self._advertisers, scene.impression_ms)

    def _send(self, pending: Pending) -> Record:
        due_ms, source, born_ms, creative, index, mask = pending
        deliveries = self._plan(source, born_ms, creative)
        delivery = deliveries[index]
        after = self._count(deliveries, index, mask)
        if index + 1 < len(deliveries):
            entry = (deliveries[index + 1].due_ms, source, born_ms, creative, index + 1, after)
            heapq.heappush(self.pending, entry)
        else:
            self._plans.pop(source, None)
        key, value = record_of(
            delivery, self._event_id(source, delivery), may_omit_id=source % 2 == 0
        )
        return key, value, due_ms

    def _event_id(self, source: int, delivery: BusinessDelivery) -> str:
        letter, number = ("b", source) if source >= 0 else ("a", -1 - source)
        if source == OVERSPENDING:
            letter, number = "o", 0
        return f"{letter}{self._encoder.tag.decode()}{number:x}.{delivery.event.name}"

    def _count(self, deliveries: Sequence[BusinessDelivery], index: int, mask: int) -> int:
        """Count delivery `index`; the mask of admitted deliveries with it."""
        delivery, counts = deliveries[index], self.counts
        of_type = counts.by_type[str(delivery.event.event_type)]
        of_type.deliveries += 1
        if delivery.fault:
            counts.faults[delivery.fault] = counts.faults.get(delivery.fault, 0) + 1
        verdict = verdict_on(delivery)
        if isinstance(verdict, RejectReason):
            counts.rejected[verdict] = counts.rejected.get(verdict, 0) + 1
            return mask
        if isinstance(verdict, BusinessDetail):
            counts.remarks[verdict] = counts.remarks.get(verdict, 0) + 1
        of_type.admitted += 1
        after = mask | 1 << index
        before_micros = _smallest_micros(deliveries, mask, delivery.event.name)
        of_type.distinct += before_micros is None
        now_micros = _smallest_micros(deliveries, after, delivery.event.name)
        of_type.micros += (now_micros or 0) - (before_micros or 0)
        if self.accounts is not None:
            self.accounts.replace(deliveries, mask, after)
        return after

    def to_state(self) -> dict[str, Any]:
        """The position as JSON values."""
        accounts = None if self.accounts is None else self.accounts.to_state()
        return {"pending": self.pending, "counts": asdict(self.counts), "accounts": accounts}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue where `to_state` was taken."""
        self.pending = [tuple(entry) for entry in state["pending"]]
        self.counts = BusinessCounts.from_state(state["counts"])
        self.accounts = AccountTotals.from_state(state.get("accounts"))


def _smallest_micros(deliveries: Sequence[BusinessDelivery], mask: int, name: str) -> int | None:
    """Money of the winning content among the admitted deliveries of one event, None without any."""
    winners = winners_of(deliveries, mask)
    return next((event.micros for event in winners if event.name == name), None)
