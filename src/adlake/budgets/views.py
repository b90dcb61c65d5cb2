"""What readers are shown of spend, budgets and serving, in plain Python: the reference form.

`now_ms` is the reader's own moment: flips that lie behind it have not happened yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from adlake.budgets.contract import Category
from adlake.budgets.flips import Flip, can_serve_before
from adlake.budgets.history import BudgetSpan, budget_at
from adlake.budgets.spend import BilledClick, Grain, Sums, by_day, by_hour, by_month
from adlake.budgets.zones import HOUR_MS, day_start_ms, hour_start_ms, next_month

Spans = Mapping[str, Sequence[BudgetSpan]]
"""Budgets of each advertiser."""
Zones = Mapping[str, str]


@dataclass(frozen=True)
class HourlyRow:
    """A row of gold.advertiser_spend_hourly beside its grain and its days."""

    sums: Sums
    budget_value: int | None
    """In force at the last moment of the hour."""
    can_serve: bool | None
    window_end_ms: int


def hourly(
    rows: Sequence[BilledClick], spans: Spans, flips: Sequence[Flip]
) -> dict[Grain, HourlyRow]:
    """An hour with clicks for each advertiser."""
    found: dict[Grain, HourlyRow] = {}
    for (advertiser_id, start_ms), sums in by_hour(rows).items():
        if isinstance(start_ms, int):
            end_ms = start_ms + HOUR_MS
            found[advertiser_id, start_ms] = HourlyRow(
                sums, _micros(spans, advertiser_id, end_ms - 1),
                can_serve_before(flips, advertiser_id, end_ms), end_ms,
            )  # fmt: skip
    return found


def average_budget(spans: Sequence[BudgetSpan], start_ms: int, end_ms: int) -> int | None:
    """Of the time in [start, end) that had a budget, weighted by it; rounded half up."""
    held = [
        (
            min(end_ms, end_ms if one.end_ms is None else one.end_ms) - max(start_ms, one.start_ms),
            one,
        )
        for one in spans
    ]
    known = [(length, one.micros) for length, one in held if length > 0]
    total = sum(length for length, _ in known)
    weighed = sum(length * micros for length, micros in known)
    return (2 * weighed + total) // (2 * total) if total else None


def combined(
    rows: Sequence[BilledClick], spans: Spans, zones: Zones
) -> set[tuple[str, date, Category, int]]:
    """Spend and budget of each day with clicks, a row for each; none for an unknown budget."""
    found: set[tuple[str, date, Category, int]] = set()
    for (advertiser_id, day), sums in by_day(rows).items():
        if isinstance(day, date):
            end_ms = day_start_ms(day + timedelta(days=1), zones[advertiser_id])
            amounts = {
                Category.GROSS_SPEND: sums.gross_spend,
                Category.NET_SPEND: sums.net_spend,
                Category.BUDGET_VALUE: _micros(spans, advertiser_id, end_ms - 1),
            }
            found |= {
                (advertiser_id, day, category, micros)
                for category, micros in amounts.items()
                if micros is not None
            }
    return found


def latest_changed_budget(spans: Sequence[BudgetSpan], zone: str) -> tuple[int, int] | None:
    """(hour, value) of the newest change of the value; the first value is one."""
    changed = [
        one
        for number, one in enumerate(spans)
        if number == 0 or spans[number - 1].micros != one.micros
    ]
    return (hour_start_ms(changed[-1].start_ms, zone), changed[-1].micros) if changed else None


def monthly(
    rows: Sequence[BilledClick], spans: Spans, zones: Zones, flips: Sequence[Flip], now_ms: int
) -> dict[Grain, tuple[Sums, int | None, bool | None]]:
    """Sums, budget and flag as of the end of each month with clicks, or of now."""
    found: dict[Grain, tuple[Sums, int | None, bool | None]] = {}
    for (advertiser_id, month), sums in by_month(rows).items():
        if isinstance(month, date):
            end_ms = min(day_start_ms(next_month(month), zones[advertiser_id]), now_ms + 1)
            found[advertiser_id, month] = (
                sums,
                _micros(spans, advertiser_id, end_ms - 1),
                can_serve_before(flips, advertiser_id, end_ms),
            )
    return found


def latest_serving(
    rows: Iterable[BilledClick], flips: Sequence[Flip], advertiser_id: str, now_ms: int
) -> tuple[int | None, bool | None]:
    """(hour of the newest click, flag)."""
    hours = [one.spend_hour_ms for one in rows if one.advertiser_id == advertiser_id]
    return max(hours, default=None), can_serve_before(flips, advertiser_id, now_ms + 1)


def _micros(spans: Spans, advertiser_id: str, at_ms: int) -> int | None:
    known = budget_at(spans.get(advertiser_id, ()), at_ms)
    return None if known is None else known.micros
