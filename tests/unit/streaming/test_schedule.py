"""What the driver asks of itself: how often it looks, and that an outage ends nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from adlake.io.postgres.driver import DatabaseError
from adlake.io.postgres.operations import BUILD_MODELS
from adlake.settings import Settings, SettingsError
from adlake.streaming import schedule
from adlake.streaming.schedule import LOOK_SECONDS, Schedule
from adlake.wiring.application import schedule_of

NO_DATABASE: Any = None


class Table:
    """Stands for the table of operations and the clock of the process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        self.asked: list[tuple[str, float]] = []
        self.answer: Callable[[], int | None] = lambda: None
        monkeypatch.setattr(schedule.operations, "request_if_due", self._request_if_due)
        monkeypatch.setattr(schedule.time, "monotonic", lambda: self.now)

    def _request_if_due(self, _connect: object, kind: str, every_seconds: float) -> int | None:
        self.asked.append((kind, every_seconds))
        return self.answer()


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Table:
    return Table(monkeypatch)


def test_it_looks_at_once_and_then_once_a_minute(table: Table) -> None:
    plan = Schedule(NO_DATABASE, {BUILD_MODELS: 7_200.0})
    plan.ask_due()
    table.now += LOOK_SECONDS - 0.1
    plan.ask_due()
    assert table.asked == [(BUILD_MODELS, 7_200.0)]
    table.now += 0.1
    plan.ask_due()
    assert len(table.asked) == 2


def test_an_outage_of_the_database_puts_it_off(
    table: Table, caplog: pytest.LogCaptureFixture
) -> None:
    def away() -> int | None:
        raise DatabaseError("away")

    table.answer = away
    plan = Schedule(NO_DATABASE, {BUILD_MODELS: 1.0})
    plan.ask_due()
    assert "the schedule waits" in caplog.text
    table.now += LOOK_SECONDS
    plan.ask_due()
    assert len(table.asked) == 2


def test_nothing_is_asked_unless_it_is_set(table: Table) -> None:
    assert schedule_of(Settings({})) == {}
    Schedule(NO_DATABASE, schedule_of(Settings({}))).ask_due()
    assert table.asked == []
    half_a_day = Settings({"ADLAKE_MODELS_EVERY_HOURS": "12"})
    assert schedule_of(half_a_day) == {BUILD_MODELS: 43_200.0}
    with pytest.raises(SettingsError, match="ADLAKE_MODELS_EVERY_HOURS"):
        Settings({"ADLAKE_MODELS_EVERY_HOURS": "-1"})
