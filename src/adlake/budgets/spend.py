"""Spend of advertisers from their distinct events, in plain Python: the reference form.

Money is micros. A click is filed under hour, day and month of its own time in its advertiser's
zone; what credits and overdelivery take off stands on the click that they are about.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from adlake.budgets.contract import MONTH_CAP_TENTHS, EventType, Period
from adlake.budgets.events import Told, winners_of
from adlake.budgets.history import (
    BudgetSpan,
    advertiser_versions,
    budget_records,
    budget_spans,
    largest_micros,
    name_of,
    period_at,
    zone_of,
)
from adlake.budgets.zones import day_of, day_start_ms, hour_start_ms, month_of, next_month


@dataclass(frozen=True)
class BilledClick:
    """A row of gold.spend_ledger."""

    advertiser_id: str
    click_id: str
    advertiser: str
    ad_id: str | None
    campaign_id: str | None
    impression_id: str | None
    event_ms: int
    amount: int
    credit_amount: int
    overdelivery_amount: int
    spend_hour_ms: int
    spend_day: date
    spend_month: date
    last_updated_ms: int
    """The newest first arrival of the click and its credits."""

    @property
    def valid_amount(self) -> int:
        """What counts against the budget."""
        return self.amount - self.credit_amount

    @property
    def net_amount(self) -> int:
        """What the advertiser owes."""
        return self.valid_amount - self.overdelivery_amount


@dataclass(frozen=True)
class Charge:
    """A click with what credits leave of it, before overdelivery."""

    click: Told
    credit: int
    newest_ms: int

    @property
    def valid(self) -> int:
        """Never below zero."""
        return self.click.micros - self.credit


def spend_ledger(deliveries: Iterable[Told]) -> list[BilledClick]:
    """Every distinct click of all advertisers, by advertiser, time and click."""
    by_advertiser = groupby(winners_of(deliveries), key=lambda one: one.advertiser_id)
    return [row for _, events in by_advertiser for row in billed_clicks_of(list(events))]


def billed_clicks_of(events: Sequence[Told]) -> list[BilledClick]:
    """The rows of one advertiser from its distinct events."""
    charges = charges_of(events)
    if not charges:
        return []
    zone = zone_of(advertiser_versions(events))
    over = overdelivery(charges, Caps(budget_spans(budget_records(events)), zone))
    name = name_of(charges[0].click.advertiser_id, events)
    return [_row(charge, taken, name, zone) for charge, taken in zip(charges, over, strict=True)]


def charges_of(events: Iterable[Told]) -> list[Charge]:
    """Clicks in order of (time, id), each with its credits; a credit without its click waits."""
    told = list(events)
    given: dict[str | None, list[Told]] = defaultdict(list)
    for one in told:
        if one.event_type is EventType.CREDIT:
            given[one.click_id].append(one)
    clicks = [one for one in told if one.event_type is EventType.CLICK]
    return [
        Charge(
            click,
            min(click.micros, sum(one.micros for one in given[click.event_id])),
            max(one.ingest_ms for one in (click, *given[click.event_id])),
        )
        for click in sorted(clicks, key=lambda one: (one.event_ms, one.event_id))
    ]


def overdelivery(charges: Sequence[Charge], caps: Caps) -> list[int]:
    """What each click brings above the cap of its budget period, then above that of its month.

    A click's period is of the kind of budget in force at its time; all clicks of the period count
    towards the cap.
    """
    sums: dict[tuple[Period, date | None], int] = defaultdict(int)
    left_of_month: dict[date, int] = defaultdict(int)
    found = []
    for charge in charges:
        day = day_of(charge.click.event_ms, caps.zone)
        starts = {Period.DAILY: day, Period.MONTHLY: month_of(day), Period.LIFETIME: None}
        for kind, start in starts.items():
            sums[kind, start] += charge.valid
        kind = period_at(caps.spans, charge.click.event_ms)
        taken = above(charge.valid, sums[kind, starts[kind]], caps.of_period(kind, starts[kind]))
        left_of_month[month_of(day)] += charge.valid - taken
        if kind is Period.DAILY:
            cap = caps.of_month_until(day)
            taken += above(charge.valid - taken, left_of_month[month_of(day)], cap)
        found.append(taken)
    return found


def above(micros: int, sum_with_it: int, cap: int | None) -> int:
    """How much of an amount lies above the cap; nothing where there is none."""
    return 0 if cap is None else min(micros, max(0, sum_with_it - cap))


class Caps:
    """Caps of the periods of one advertiser."""

    def __init__(self, spans: Sequence[BudgetSpan], zone: str) -> None:
        self.spans = spans
        self.zone = zone
        self._known: dict[tuple[Period, date | None], int | None] = {}
        self._so_far: dict[date, tuple[int, int]] = {}

    def of_period(self, kind: Period, start: date | None) -> int | None:
        """The largest budget of the kind in force at any moment; None: none was known."""
        key = (kind, start)
        if key not in self._known:
            start_ms, end_ms = period_range(kind, start, self.zone)
            self._known[key] = largest_micros(self.spans, kind, start_ms, end_ms)
        return self._known[key]

    def of_month_until(self, day: date) -> int | None:
        """30.4 x the mean of the day caps from the month's first day to this one."""
        return month_cap_micros(*self._day_caps_until(day))

    def _day_caps_until(self, day: date) -> tuple[int, int]:
        """Their sum and number."""
        if day not in self._so_far:
            before = (0, 0) if day.day == 1 else self._day_caps_until(day - timedelta(days=1))
            cap = self.of_period(Period.DAILY, day)
            known = before if cap is None else (before[0] + cap, before[1] + 1)
            self._so_far[day] = known
        return self._so_far[day]


def month_cap_micros(sum_of_caps: int, days: int) -> int | None:
    """Rounded half up; None without a day whose budget was known."""
    return (2 * MONTH_CAP_TENTHS * sum_of_caps + 10 * days) // (20 * days) if days else None


def period_range(kind: Period, start: date | None, zone: str) -> tuple[int, int]:
    """Its first moment and the first one after it."""
    if start is None:
        return 0, 1 << 62
    end = next_month(start) if kind is Period.MONTHLY else start + timedelta(days=1)
    return day_start_ms(start, zone), day_start_ms(end, zone)


@dataclass(frozen=True)
class Sums:
    """Amounts of some billed clicks added up."""

    gross_spend: int = 0
    credit_amount: int = 0
    overdelivery_amount: int = 0
    record_count: int = 0

    @property
    def valid_spend(self) -> int:
        """Gross less credits."""
        return self.gross_spend - self.credit_amount

    @property
    def net_spend(self) -> int:
        """Valid less overdelivery."""
        return self.valid_spend - self.overdelivery_amount


Grain = tuple[str, int | date]


def by_hour(rows: Iterable[BilledClick]) -> dict[Grain, Sums]:
    """By advertiser and start of the hour."""
    return _sums({}, ((one.advertiser_id, one.spend_hour_ms, one) for one in rows))


def by_day(rows: Iterable[BilledClick]) -> dict[Grain, Sums]:
    """By advertiser and day."""
    return _sums({}, ((one.advertiser_id, one.spend_day, one) for one in rows))


def by_month(rows: Iterable[BilledClick]) -> dict[Grain, Sums]:
    """By advertiser and month."""
    return _sums({}, ((one.advertiser_id, one.spend_month, one) for one in rows))


def totals(rows: Iterable[BilledClick]) -> dict[Grain, Sums]:
    """By advertiser; the second part is the time of the newest click."""
    told = list(rows)
    newest: Mapping[str, int] = {
        one.advertiser_id: one.event_ms for one in sorted(told, key=lambda one: one.event_ms)
    }
    return _sums({}, ((one.advertiser_id, newest[one.advertiser_id], one) for one in told))


def _sums(
    found: dict[Grain, Sums], rows: Iterable[tuple[str, int | date, BilledClick]]
) -> dict[Grain, Sums]:
    for advertiser_id, part, row in rows:
        known = found.get((advertiser_id, part), Sums())
        found[advertiser_id, part] = Sums(
            known.gross_spend + row.amount,
            known.credit_amount + row.credit_amount,
            known.overdelivery_amount + row.overdelivery_amount,
            known.record_count + 1,
        )
    return found


def _row(charge: Charge, taken: int, name: str, zone: str) -> BilledClick:
    click = charge.click
    day = day_of(click.event_ms, zone)
    return BilledClick(
        click.advertiser_id, click.event_id, name, click.ad_id, click.campaign_id,
        click.impression_id, click.event_ms, click.micros, charge.credit, taken,
        hour_start_ms(click.event_ms, zone), day, month_of(day), charge.newest_ms,
    )  # fmt: skip
