"""When serving stopped and went on, from what was delivered, in plain Python: the reference form.

A decision is taken when a delivery changes the account, and at moments that come by themselves:
starts of periods, ends and starts of flights, budgets and states whose own time lies ahead. So the
log follows from the deliveries alone. It reaches beyond the last one: what is there for a later
moment will happen if nothing else is delivered before.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from adlake.budgets.account import END_OF_TIME_MS, Account, Standing
from adlake.budgets.contract import CLOCK, DECISION_LAG_S, Cause, EventType, Period
from adlake.budgets.events import Change, Told, changes_of
from adlake.budgets.history import period_at
from adlake.budgets.zones import day_of, day_start_ms, day_starts, next_month


@dataclass(frozen=True)
class Flip:
    """A row of gold.serving_flips; `previous_can_serve` is None in an advertiser's first one."""

    flip_id: str
    advertiser_id: str
    advertiser: str
    effective_ms: int
    can_serve: bool
    previous_can_serve: bool | None
    net_spend: int
    valid_spend: int
    reserve: int
    budget_value: int | None
    period: Period
    period_start_ms: int | None
    cause: Cause


def serving_flips(deliveries: Iterable[Told], lag_s: int = DECISION_LAG_S) -> list[Flip]:
    """The first decision about each advertiser, and every later one that says otherwise."""
    changes = sorted(changes_of(deliveries), key=lambda one: one.advertiser_id)
    by_advertiser = groupby(changes, key=lambda one: one.advertiser_id)
    return [
        flip
        for advertiser, told in by_advertiser
        for flip in _of_one(Account(advertiser, lag_s), told)
    ]


def can_serve_before(flips: Iterable[Flip], advertiser_id: str, end_ms: int) -> bool | None:
    """By the last flip before a moment; None when no decision had been taken yet."""
    known = [
        one for one in flips if one.advertiser_id == advertiser_id and one.effective_ms < end_ms
    ]
    return known[-1].can_serve if known else None


def _of_one(account: Account, changes: Iterable[Change]) -> Iterator[Flip]:
    log = _Log(account)
    decided_ms: int | None = None
    for change in changes:
        at_ms = change.place[0]
        if decided_ms is not None:
            yield from log.decide_at(_moments(account, decided_ms, at_ms))
        account.take(change)
        yield from log.decide(at_ms, change.trigger)
        decided_ms = at_ms
    if decided_ms is not None:
        yield from log.decide_at(_moments(account, decided_ms, END_OF_TIME_MS))


class _Log:
    """Decisions about one advertiser, one after the other."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._before: Standing | None = None
        self._known: Counter[str] = Counter()

    def decide_at(self, moments: Iterable[int]) -> Iterator[Flip]:
        for at_ms in moments:
            yield from self.decide(at_ms, CLOCK)

    def decide(self, at_ms: int, trigger: str) -> Iterator[Flip]:
        """The flip that a decision is, if it is one."""
        before, now = self._before, self._account.standing(at_ms)
        self._before = now
        if before is None or before.can_serve != now.can_serve:
            cause, account = cause_of(before, now, trigger), self._account
            previous = None if before is None else before.can_serve
            yield Flip(
                self._id(at_ms, trigger), account.advertiser_id, account.name(), at_ms,
                now.can_serve, previous, account.net_spend(at_ms),
                now.valid_spend, now.reserve, now.budget, now.period, now.period_start_ms, cause,
            )  # fmt: skip

    def _id(self, at_ms: int, trigger: str) -> str:
        """A second flip by one event in one millisecond has a number of its own."""
        flip = flip_id(self._account.advertiser_id, at_ms, trigger)
        self._known[flip] += 1
        again = self._known[flip]
        if again == 1:
            return flip
        return flip_id(self._account.advertiser_id, at_ms, f"{trigger} {again}")


def flip_id(advertiser_id: str, at_ms: int, trigger: str) -> str:
    """The same whenever the log is made again."""
    key = json.dumps([advertiser_id, at_ms, trigger], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(key.encode()).hexdigest()


def cause_of(before: Standing | None, now: Standing, trigger: str) -> Cause:
    """The first thing that differs from the decision before."""
    if before is None:
        return Cause.FIRST_SEEN
    differs = {
        Cause.STATUS: before.is_active != now.is_active,
        Cause.FLIGHT: before.is_in_flight != now.is_in_flight,
        Cause.BUDGET: (before.budget, before.period) != (now.budget, now.period),
        Cause.PERIOD_START: before.period_start_ms != now.period_start_ms,
        Cause.CREDIT: now.can_serve and trigger.startswith(EventType.CREDIT),
        Cause.RESERVE: now.can_serve and now.valid_spend >= before.valid_spend,
        Cause.SPEND: True,
    }
    return next(cause for cause, holds in differs.items() if holds)


_QUIET_MONTHS: Final = 2
"""After so many starts of months without news nothing changes by itself any more: nothing is spent
in a period that began since, and the reserve is gone."""


def _moments(account: Account, after_ms: int, until_ms: int) -> Iterator[int]:
    """Moments in (after, until] at which a decision comes by itself, while nothing is delivered."""
    cursor = after_ms
    for stop_ms in (*_announced(account, after_ms, until_ms), None):
        end_ms = until_ms + 1 if stop_ms is None else stop_ms
        for start_ms in day_starts(cursor, min(end_ms, _quiet_from(account, cursor)), account.zone):
            kind = period_at(account.spans, start_ms)
            day = day_of(start_ms, account.zone)
            if account.period_start(kind, day) == day:
                yield start_ms
        if stop_ms is not None:
            yield stop_ms
            cursor = stop_ms


def _announced(account: Account, after_ms: int, until_ms: int) -> list[int]:
    """Where a known flight begins or ends, or a known budget or state comes into force."""
    moments = {one.start_ms for one in account.spans}
    moments |= {one.start_ms for one in account.versions}
    for version in account.versions:
        for at_ms in (version.flight_start_ms, version.flight_end_ms):
            is_in_force = at_ms is not None and version.start_ms <= at_ms
            if at_ms is not None and is_in_force and (version.end_ms or END_OF_TIME_MS) > at_ms:
                moments.add(at_ms)
    return sorted(one for one in moments if after_ms < one <= until_ms)


def _quiet_from(account: Account, at_ms: int) -> int:
    day = day_of(at_ms, account.zone)
    for _ in range(_QUIET_MONTHS):
        day = next_month(day)
    return day_start_ms(day, account.zone) + 1
