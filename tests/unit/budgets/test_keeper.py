"""When budget tables are brought up to the records, and from where on."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest

from adlake.budgets import keeper
from adlake.budgets.keeper import BudgetKeeper
from adlake.budgets.keeping import Kept
from adlake.budgets.source import contained_in_all, is_same_place
from adlake.business.pipeline import BusinessPipeline
from adlake.contracts import gauges, stamps
from adlake.contracts.source import source_label
from adlake.io.iceberg.stamp import Stamp, offsets_text
from adlake.io.prometheus.meters import Meters


def stamp(offsets: dict[int, int], incarnation: int = 1) -> Stamp:
    label = source_label("business_events", incarnation)
    return Stamp(7, {stamps.TOPIC: label, stamps.NEXT_OFFSETS: offsets_text(offsets)})


FIRST_SECONDS = 180.0


class Clock:
    """A keeper whose work takes some seconds, and what it was given to do."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 0.0
        self.takes = 0.0
        self.kept: Kept | Exception | None = None
        self.runs = 0
        self.meters = Meters()
        monkeypatch.setattr(keeper, "keep_budgets", self._keep)
        monkeypatch.setattr("adlake.budgets.keeper.time.monotonic", lambda: self.seconds)
        begin = self.seconds + FIRST_SECONDS
        self.keeper = BudgetKeeper(
            BusinessPipeline(), self.meters, FIRST_SECONDS, lambda: 1_000 + self.seconds - begin
        )

    def _keep(self, *_arguments: object) -> Kept | None:
        self.seconds += self.takes
        self.runs += 1
        if isinstance(self.kept, Exception):
            raise self.kept
        return self.kept

    def look(self) -> bool:
        """Whether it worked."""
        session: Any = None
        before = self.runs
        if self.keeper.is_due():
            self.keeper.run(session, nullcontext())
        return self.runs > before


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Of a driver that is warm."""
    found = Clock(monkeypatch)
    found.seconds += FIRST_SECONDS
    found.keeper._is_cold = False
    return found


def test_a_driver_that_has_just_begun_has_its_cores_for_the_batches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cold = Clock(monkeypatch)
    cold.seconds += FIRST_SECONDS - 0.1
    assert not cold.look()
    cold.seconds += 0.1
    assert cold.look()


def test_it_looks_every_few_seconds(clock: Clock) -> None:
    assert clock.look()
    clock.seconds += keeper.LOOK_SECONDS - 0.1
    assert not clock.look()
    clock.seconds += 0.1
    assert clock.look()
    assert clock.meters.value(gauges.BUDGETS_CURRENT) == 1_005


def test_it_takes_its_share_of_the_time_alone(clock: Clock) -> None:
    clock.takes, clock.kept = 10.0, Kept("done", 3)
    assert clock.look()
    clock.seconds += 39.9
    assert not clock.look()
    clock.seconds += 0.1
    assert clock.look()
    assert clock.meters.value(gauges.BUDGETS_SECONDS) == 20
    assert clock.meters.value(gauges.BUDGETS_ADVERTISERS) == 6


@pytest.mark.parametrize(
    ("kept", "is_cold"), [(Kept("done", is_whole=True), False), (Kept("done", 3), True)]
)
def test_after_a_whole_build_and_the_first_step_of_a_driver_it_rests_as_long(
    clock: Clock, kept: Kept, is_cold: bool
) -> None:
    clock.takes, clock.kept, clock.keeper._is_cold = 60.0, kept, is_cold
    assert clock.look()
    clock.seconds += 59.9
    assert not clock.look()
    clock.kept = Kept("done", 3)
    clock.seconds += 0.1
    assert clock.look()
    clock.seconds += 239.9
    assert not clock.look()
    clock.seconds += 0.1
    assert clock.look()


def test_what_fails_is_not_tried_all_the_time_nor_called_current(clock: Clock) -> None:
    clock.kept = RuntimeError("no")
    with pytest.raises(RuntimeError):
        clock.look()
    assert not clock.look()
    assert clock.meters.value(gauges.BUDGETS_CURRENT) is None


def test_a_step_begins_where_the_oldest_table_is() -> None:
    found = [stamp({0: 5, 1: 9}), stamp({0: 7, 1: 8}), stamp({0: 7, 1: 9, 2: 3})]
    oldest = contained_in_all(found, stamp({0: 7, 1: 9, 2: 3}))
    assert oldest is not None
    assert oldest.next_offsets == {0: 5, 1: 8}
    older = contained_in_all([*found, stamp({0: 100}, 1)], stamp({0: 1}, 2))
    assert older is not None
    assert is_same_place(older, stamp({0: 5}, 1))
    newer = contained_in_all([stamp({0: 4}, 2), stamp({0: 100}, 1)], stamp({0: 4}, 2))
    assert newer is not None
    assert is_same_place(newer, stamp({0: 100}, 1))


@pytest.mark.parametrize(
    "found",
    [
        [None, stamp({0: 1})],
        [stamp({0: 1}), stamp({0: 3})],
        [stamp({0: 1}), stamp({0: 1, 1: 1})],
        [stamp({0: 1}, 2), stamp({0: 1})],
    ],
)
def test_a_new_table_and_one_of_lost_records_are_made_whole(found: list[Stamp | None]) -> None:
    assert contained_in_all(found, stamp({0: 2})) is None
