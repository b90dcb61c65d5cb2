"""Which budget and which state of an advertiser were in force when.

The record with the largest (event time, id) at or before a moment is in force, whatever came last.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from adlake.budgets.contract import ACTIVE, DEFAULT_ZONE, KEY_DIGITS, EventType, Period
from adlake.budgets.events import Told


@dataclass(frozen=True)
class BudgetSpan:
    """A row of dims.dim_budgets: in force from `start_ms` on, before `end_ms` (None: still)."""

    micros: int
    period: Period
    start_ms: int
    end_ms: int | None


@dataclass(frozen=True)
class AdvertiserVersion:
    """A row of dims.dim_advertisers; `advertiser` is the name that its records tell."""

    start_ms: int
    end_ms: int | None
    advertiser: str | None = None
    status: str = ACTIVE
    time_zone: str = DEFAULT_ZONE
    flight_start_ms: int | None = None
    flight_end_ms: int | None = None

    def is_in_flight(self, at_ms: int) -> bool:
        """Half-open; an end that nobody told is none."""
        has_begun = self.flight_start_ms is None or self.flight_start_ms <= at_ms
        return has_begun and (self.flight_end_ms is None or at_ms < self.flight_end_ms)


Record = tuple[int, str, int, Period]
"""(event time, id, micros, period)."""
UNTOLD = AdvertiserVersion(0, None)
"""Before the first record: no limits."""


def budget_records(events: Iterable[Told]) -> list[Record]:
    """What counts of one advertiser's distinct events, in order of (event time, id).

    A click's budget counts before the first BUDGET_CHANGE alone, and is a daily one.
    """
    told = list(events)
    changes = [
        (one.event_ms, one.event_id, one.micros, one.period)
        for one in told
        if one.event_type is EventType.BUDGET
    ]
    first_ms = min((at_ms for at_ms, *_ in changes), default=None)
    carried = [
        (one.event_ms, one.event_id, one.budget_micros, Period.DAILY)
        for one in told
        if one.event_type is EventType.CLICK and one.budget_micros is not None
        if first_ms is None or one.event_ms < first_ms
    ]
    return sorted([*changes, *carried])


def budget_spans(records: Sequence[Record]) -> list[BudgetSpan]:
    """Without gap or overlap; equal neighbours are one."""
    begun: list[Record] = []
    for _, at_once in groupby(records, key=lambda record: record[0]):
        *_, last = at_once
        if not begun or begun[-1][2:] != last[2:]:
            begun.append(last)
    ends = _ends([start_ms for start_ms, *_ in begun])
    return [
        BudgetSpan(micros, period, start_ms, end_ms)
        for (start_ms, _, micros, period), end_ms in zip(begun, ends, strict=True)
    ]


def budget_at(spans: Sequence[BudgetSpan], at_ms: int) -> BudgetSpan | None:
    """The one in force; None before the first."""
    number = bisect_right(spans, at_ms, key=lambda span: span.start_ms)
    return spans[number - 1] if number else None


def period_at(spans: Sequence[BudgetSpan], at_ms: int) -> Period:
    """For how long the budget in force is; before the first one as long as that one."""
    if not spans:
        return Period.DAILY
    return (budget_at(spans, at_ms) or spans[0]).period


def largest_micros(
    spans: Iterable[BudgetSpan], period: Period, start_ms: int, end_ms: int
) -> int | None:
    """The largest budget of this kind in force at any moment of [start, end)."""
    return max(
        (
            one.micros
            for one in spans
            if one.period is period
            and one.start_ms < end_ms
            and (one.end_ms is None or one.end_ms > start_ms)
        ),
        default=None,
    )


def advertiser_versions(events: Iterable[Told]) -> list[AdvertiserVersion]:
    """Of one advertiser's distinct events; what a record does not say goes on as it was."""
    records = sorted(
        (one for one in events if one.event_type is EventType.STATUS),
        key=lambda one: (one.event_ms, one.event_id),
    )
    holding = UNTOLD
    begun: list[AdvertiserVersion] = []
    for start_ms, at_once in groupby(records, key=lambda record: record.event_ms):
        for one in at_once:
            holding = _changed(holding, one)
        shown = AdvertiserVersion(start_ms, None, *_said(holding))
        if not begun or _said(begun[-1]) != _said(shown):
            begun.append(shown)
    ends = _ends([one.start_ms for one in begun])
    return [
        AdvertiserVersion(one.start_ms, end_ms, *_said(one))
        for one, end_ms in zip(begun, ends, strict=True)
    ]


def version_at(versions: Sequence[AdvertiserVersion], at_ms: int) -> AdvertiserVersion:
    """The one in force; UNTOLD before the first."""
    number = bisect_right(versions, at_ms, key=lambda version: version.start_ms)
    return versions[number - 1] if number else UNTOLD


def zone_of(versions: Sequence[AdvertiserVersion]) -> str:
    """An advertiser has one zone at a time, for all of its days: the newest that was told."""
    return versions[-1].time_zone if versions else DEFAULT_ZONE


def name_of(advertiser_id: str, events: Iterable[Told]) -> str:
    """The newest name by (event time, id), else the id; a blank is no name."""
    named = (
        (one.event_ms, one.event_id, name)
        for one in events
        if (name := _name_told(one)) is not None
    )
    return max(named, default=(0, "", advertiser_id))[2]


def version_key(advertiser_id: str, start_ms: int) -> int:
    """Surrogate key of a version of a budget or an advertiser: the same whenever it is made."""
    digest = hashlib.md5(f"{advertiser_id}|{start_ms}".encode(), usedforsecurity=False)
    return int(digest.hexdigest()[:KEY_DIGITS], 16)


def _changed(holding: AdvertiserVersion, one: Told) -> AdvertiserVersion:
    before = holding
    return AdvertiserVersion(
        one.event_ms,
        None,
        _name_told(one) or before.advertiser,
        before.status if one.status is None else one.status,
        before.time_zone if one.time_zone is None else one.time_zone,
        before.flight_start_ms if one.flight_start_ms is None else one.flight_start_ms,
        before.flight_end_ms if one.flight_end_ms is None else one.flight_end_ms,
    )


def _ends(starts: Sequence[int]) -> list[int | None]:
    """Each ends where the next one begins, the last one does not."""
    return [*starts[1:], None] if starts else []


def _name_told(one: Told) -> str | None:
    name = one.advertiser
    return name if name is not None and name.strip(" ") else None


def _said(version: AdvertiserVersion) -> tuple[str | None, str, str, int | None, int | None]:
    return (
        version.advertiser, version.status, version.time_zone, version.flight_start_ms,
        version.flight_end_ms,
    )  # fmt: skip
