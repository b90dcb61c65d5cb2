"""The account of one advertiser as far as it was delivered, and whether its ads may be served.

It takes changes in the order of arrival and answers for any moment; sums, spans and caps are kept,
so that a busy account is answered quickly. `budgets.flips` decides when it is asked.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Final

from adlake.budgets.contract import (
    ACTIVE,
    MOST_RESERVE,
    RATE_SHARE,
    RATE_WEIGHTS,
    EventType,
    Period,
)
from adlake.budgets.events import Change, EventKey, Told
from adlake.budgets.history import (
    AdvertiserVersion,
    BudgetSpan,
    advertiser_versions,
    budget_at,
    budget_records,
    budget_spans,
    name_of,
    period_at,
    version_at,
    zone_of,
)
from adlake.budgets.spend import Caps, charges_of, overdelivery
from adlake.budgets.zones import day_of, day_start_ms, month_of

MINUTE_MS: Final = 60_000
END_OF_TIME_MS: Final = 1 << 62


@dataclass(frozen=True)
class Standing:
    """What holds for an advertiser at a moment; amounts are those of the current period."""

    can_serve: bool
    is_active: bool
    is_in_flight: bool
    budget: int | None
    period: Period
    period_start_ms: int | None
    """None of a lifetime."""
    valid_spend: int
    reserve: int


class Account:
    """What was delivered about one advertiser so far."""

    def __init__(self, advertiser_id: str, lag_s: int) -> None:
        self.advertiser_id = advertiser_id
        self._lag_s = lag_s
        self._events: dict[EventKey, Told] = {}
        self._credits: dict[str, Counter[str]] = {}
        self._of_minute: Counter[int] = Counter()
        self._minutes: list[int] = []
        self._valid: Counter[date | None] = Counter()
        self._of_month: Counter[date] = Counter()
        self._first_change_ms = END_OF_TIME_MS
        self.spans: list[BudgetSpan] = []
        self.versions: list[AdvertiserVersion] = []
        self.zone = zone_of(())
        self._caps = Caps((), self.zone)

    def take(self, change: Change) -> None:
        """Bring in what one delivery changed."""
        before, after = change.before, change.after
        told = after or before
        if told is None:
            return
        touched = {
            one.event_id if one.event_type is EventType.CLICK else str(one.click_id)
            for one in (before, after)
            if one is not None and one.event_type in (EventType.CLICK, EventType.CREDIT)
        }
        self._file(touched, -1)
        self._keep(told.key, before, after)
        self._file(touched, 1)
        if told.event_type is EventType.CLICK:
            self._note_rate(change.place[0], before, after)
        if told.event_type is EventType.STATUS:
            self._renew_versions()
        elif self._may_change_budgets(told, before):
            self._renew_budgets()

    def standing(self, at_ms: int) -> Standing:
        """At a moment, by what was delivered so far."""
        version = version_at(self.versions, at_ms)
        budget, kind = budget_at(self.spans, at_ms), period_at(self.spans, at_ms)
        day, reserve = day_of(at_ms, self.zone), self._reserve(at_ms)
        start = self.period_start(kind, day)
        valid = self._of_month[month_of(day)] if kind is Period.MONTHLY else self._valid[start]
        is_active, is_in_flight = version.status == ACTIVE, version.is_in_flight(at_ms)
        has_room = budget is not None and valid + reserve < budget.micros
        if has_room and kind is Period.DAILY:
            cap = self._caps.of_month_until(day)
            has_room = cap is not None and self._of_month[month_of(day)] + reserve < cap
        return Standing(
            is_active and is_in_flight and has_room, is_active, is_in_flight,
            None if budget is None else budget.micros, kind,
            None if start is None else day_start_ms(start, self.zone), valid, reserve,
        )  # fmt: skip

    def net_spend(self, at_ms: int) -> int:
        """Of the period of a moment, by what was delivered so far."""
        charges = charges_of(self._events.values())
        kind = period_at(self.spans, at_ms)
        start = self.period_start(kind, day_of(at_ms, self.zone))
        over = overdelivery(charges, self._caps)
        return sum(
            charge.valid - taken
            for charge, taken in zip(charges, over, strict=True)
            if self.period_start(kind, day_of(charge.click.event_ms, self.zone)) == start
        )

    def name(self) -> str:
        """The newest that was told."""
        return name_of(self.advertiser_id, self._events.values())

    def period_start(self, kind: Period, day: date) -> date | None:
        """First day of the period of this kind that a day is in; None of a lifetime."""
        starts = {Period.DAILY: day, Period.MONTHLY: month_of(day)}
        return starts.get(kind)

    def _keep(self, key: EventKey, before: Told | None, after: Told | None) -> None:
        if after is None:
            del self._events[key]
        else:
            self._events[key] = after
        for one, sign in ((before, -1), (after, 1)):
            if one is not None and one.event_type is EventType.CREDIT:
                self._credits.setdefault(str(one.click_id), Counter())[one.event_id] += (
                    sign * one.micros
                )

    def _file(self, click_ids: set[str], sign: int) -> None:
        """Add the valid amounts of these clicks to the sums, or take them off."""
        for click_id in click_ids:
            click = self._events.get((EventType.CLICK, self.advertiser_id, click_id))
            if click is None:
                continue
            credit = sum(self._credits.get(click_id, Counter()).values())
            valid = sign * (click.micros - min(click.micros, credit))
            day = day_of(click.event_ms, self.zone)
            self._valid[day] += valid
            self._valid[None] += valid
            self._of_month[month_of(day)] += valid

    def _note_rate(self, ingest_ms: int, before: Told | None, after: Told | None) -> None:
        """What a delivery brought to gross spend belongs to the minute in which it came."""
        brought = (after.micros if after else 0) - (before.micros if before else 0)
        minute = ingest_ms // MINUTE_MS
        if minute not in self._of_minute:
            insort(self._minutes, minute)
        self._of_minute[minute] += brought

    def _reserve(self, at_ms: int) -> int:
        """What is spent until a decision taken now is known to the ad server."""
        now = at_ms // MINUTE_MS
        weighed = 0
        for minute in reversed(self._minutes):
            age = now - 1 - minute
            if age >= len(RATE_WEIGHTS):
                break
            if age >= 0:
                weighed += self._of_minute[minute] * RATE_WEIGHTS[age]
        spent = (2 * self._lag_s * weighed + RATE_SHARE) // (2 * RATE_SHARE)
        return min(MOST_RESERVE, max(0, spent))

    def _may_change_budgets(self, told: Told, before: Told | None) -> bool:
        """A click that carries what is in force anyway changes no budget."""
        if told.event_type is not EventType.CLICK or before is not None:
            return told.event_type is not EventType.CREDIT
        if told.budget_micros is None or told.event_ms >= self._first_change_ms:
            return False
        known = budget_at(self.spans, told.event_ms)
        carried = (told.budget_micros, Period.DAILY)
        return known is None or (known.micros, known.period) != carried

    def _renew_budgets(self) -> None:
        self.spans = budget_spans(budget_records(self._events.values()))
        changes = (one for one in self._events.values() if one.event_type is EventType.BUDGET)
        self._first_change_ms = min((one.event_ms for one in changes), default=END_OF_TIME_MS)
        self._caps = Caps(self.spans, self.zone)

    def _renew_versions(self) -> None:
        self.versions = advertiser_versions(self._events.values())
        zone = zone_of(self.versions)
        if zone == self.zone:
            return
        clicks = {
            one.event_id for one in self._events.values() if one.event_type is EventType.CLICK
        }
        self._file(clicks, -1)
        self.zone = zone
        self._file(clicks, 1)
        self._caps = Caps(self.spans, zone)
