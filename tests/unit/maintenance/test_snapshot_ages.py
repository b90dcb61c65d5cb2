"""A step of the clock makes no snapshot old."""

from __future__ import annotations

import time
from typing import Any

import pytest

from adlake.contracts.registry import ATTRIBUTION
from adlake.maintenance import between_batches
from adlake.maintenance.between_batches import Maintenance, MaintenancePlan
from adlake.maintenance.snapshot_ages import SnapshotAges

HALF_HOUR = 1_800.0
HOUR_MS = 3_600_000
NOON_MS = 1_800_000_000_000


class Hands:
    """A wall clock that can be set, and one that cannot."""

    def __init__(self) -> None:
        self.now, self.wall_ms = 0.0, NOON_MS
        self.ages = SnapshotAges(self.wall_ms, lambda: self.now)

    def run(self, seconds: int) -> None:
        """Batches of ten seconds."""
        for _ in range(seconds // 10):
            self.now += 10
            self.wall_ms += 10_000
            self.ages.saw(self.wall_ms)

    def limit(self) -> int:
        return self.ages.limit_ms(HALF_HOUR)


def test_in_quiet_times_the_limit_is_half_an_hour_ago() -> None:
    hands = Hands()
    for seconds in (10, 1_000, 3_000, 20_000):
        hands.run(seconds)
        assert hands.limit() == hands.wall_ms - int(HALF_HOUR * 1000)


def test_a_clock_set_ahead_makes_nothing_old() -> None:
    hands = Hands()
    hands.run(7_200)
    before_ms = hands.wall_ms
    hands.wall_ms += 5 * HOUR_MS
    hands.run(600)
    assert hands.limit() == before_ms - 1_200_000, "20 minutes before the step, 10 after it"
    hands.run(3_600)
    assert hands.limit() == hands.wall_ms - int(HALF_HOUR * 1000), "an hour later all is as ever"


def test_a_clock_set_ahead_while_nothing_ran_makes_nothing_old() -> None:
    hands = Hands()
    hands.wall_ms += 5 * HOUR_MS
    hands.run(600)
    assert hands.limit() == NOON_MS - 1_200_000


def test_a_clock_set_back_expires_nothing_too_early() -> None:
    hands = Hands()
    hands.run(3_600)
    before_ms = hands.wall_ms
    hands.wall_ms -= HOUR_MS
    hands.run(600)
    assert hands.limit() <= before_ms - 1_200_000


def test_expiry_goes_by_the_clock_that_nobody_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[int] = []

    def expire(_session: object, _name: str, limit_ms: int, _keep: int) -> int:
        limits.append(limit_ms)
        return 0

    monkeypatch.setattr(between_batches, "expire_snapshots", expire)
    plan = MaintenancePlan(compact_every=0, expire_every=1, snapshot_minutes=30.0)
    nothing: Any = None
    hands = Hands()
    hands.run(600)
    monkeypatch.setattr(time, "time", lambda: (hands.wall_ms + 5 * HOUR_MS) / 1000)
    one = Maintenance(plan)
    one._ages = hands.ages
    one.run_maintenance(nothing, ATTRIBUTION, 2)
    assert set(limits) == {NOON_MS - 1_200_000}, "snapshots of the last minutes were taken for old"
