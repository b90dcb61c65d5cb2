"""Whose leftover files are looked for when, and which age is refused."""

from __future__ import annotations

from typing import Any

import pytest

from adlake.contracts.law import DAY_MS
from adlake.contracts.registry import ATTRIBUTION, BUSINESS, names_of, specs_of
from adlake.contracts.tables import BUSINESS_EVENTS
from adlake.io.iceberg.leftovers import TooYoungError, remove_leftovers
from adlake.maintenance import between_batches
from adlake.maintenance.between_batches import Maintenance, MaintenancePlan
from adlake.maintenance.leftovers import EVERY_SECONDS, LeftoverSweep
from adlake.maintenance.snapshot_ages import SnapshotAges

PLAN = MaintenancePlan(compact_every=0, expire_every=2, snapshot_minutes=30.0, leftover_days=3)
NOTHING: Any = None


def test_tables_take_turns_and_each_has_one_a_day() -> None:
    now = [5.0]
    sweep, specs = LeftoverSweep(lambda: now[0]), specs_of(pipeline=ATTRIBUTION)
    tables = list(names_of(pipeline=ATTRIBUTION, expires=True))
    assert [sweep.next_table(specs) for _ in tables] == tables
    assert sweep.next_table(specs) is None
    assert sweep.next_table(specs_of(pipeline=BUSINESS)) == BUSINESS_EVENTS
    now[0] += EVERY_SECONDS
    assert sweep.next_table(specs) == tables[0]


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How old, in milliseconds before now, a file had to be; nothing touches a table."""
    found: list[int] = []

    def remove(_session: object, _name: str, older_than_ms: int, now_ms: int) -> int:
        found.append(now_ms - older_than_ms)
        return 0

    monkeypatch.setattr(between_batches, "remove_leftovers", remove)
    monkeypatch.setattr(between_batches, "expire_snapshots", lambda *_: 0)
    return found


def test_leftovers_go_after_an_expiry_but_not_early_in_a_run(limits: list[int]) -> None:
    maintenance = Maintenance(PLAN)
    maintenance.run_maintenance(NOTHING, BUSINESS, 1)
    assert limits == []
    maintenance.run_maintenance(NOTHING, BUSINESS, 2)
    assert limits == []
    maintenance.run_maintenance(NOTHING, BUSINESS, 3)
    assert limits == [3 * DAY_MS]
    tables = specs_of(pipeline=BUSINESS, expires=True)
    for batches in range(5, 5 + 2 * len(tables), 2):
        maintenance.run_maintenance(NOTHING, BUSINESS, batches)
    assert len(limits) == len(tables) > 1, "each once a day"


def test_none_are_removed_beside_a_replay_or_when_it_is_switched_off(limits: list[int]) -> None:
    Maintenance(PLAN, is_replaying=lambda: True).run_maintenance(NOTHING, BUSINESS, 3)
    off = MaintenancePlan(compact_every=0, expire_every=2, snapshot_minutes=30.0)
    Maintenance(off).run_maintenance(NOTHING, BUSINESS, 3)
    assert limits == []


def test_a_clock_set_ahead_makes_no_leftover(limits: list[int]) -> None:
    maintenance = Maintenance(PLAN)
    days_ago = 5
    maintenance._ages = SnapshotAges(last_commit_ms=0, monotonic=lambda: 0.0)
    maintenance.run_maintenance(NOTHING, BUSINESS, 3)
    assert limits[0] > days_ago * DAY_MS, "the last commit is as good as just made"


@pytest.mark.parametrize("days", [-1.0, 0.0, 2.99])
def test_f27_a_file_that_a_writer_may_still_commit_is_refused(days: float) -> None:
    now_ms = 1_800_000_000_000
    with pytest.raises(TooYoungError, match="only when they are 3 days old"):
        remove_leftovers(NOTHING, BUSINESS_EVENTS, now_ms - int(days * DAY_MS), now_ms)
