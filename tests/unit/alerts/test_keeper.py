"""When the alert log is built: once a window, as soon as what was read allows it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from adlake.alerts import handler
from adlake.alerts.build import Built
from adlake.alerts.handler import AlertKeeper
from adlake.alerts.memory import Memory
from adlake.contracts import stamps
from adlake.contracts.tables import ALERT_INCIDENTS, ALERTS_LOG
from adlake.contracts.windows import EARLY_MS, WINDOW_MS
from adlake.io.iceberg.stamp import Stamp
from adlake.io.kafka.topic import TopicError

BEGIN_MS = 1_800_000_000_000 - 1_800_000_000_000 % WINDOW_MS


class Lake:
    """A clock, a topic and a log that somebody built."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_ms = BEGIN_MS
        self.seconds = 0.0
        self.until_ms: int | None = BEGIN_MS
        self.newest: Stamp | None = None
        self.behind: set[str] = set()
        self.did: list[object] = []
        self.takes = 1.0
        self.is_whole = True
        self.memories: list[object] = []
        monkeypatch.setattr(handler, "IcebergTable", self._table)
        monkeypatch.setattr(handler, "build_alerts", self._build)
        monkeypatch.setattr(handler.time, "monotonic", lambda: self.seconds)
        self.restart()

    def restart(self) -> None:
        """A keeper that knows nothing yet."""
        self.keeper = AlertKeeper(
            lambda _: self.until_ms, lambda _: self.did.append("rules"), lambda: self.now_ms
        )

    def _table(self, _session: object, name: str) -> SimpleNamespace:
        """The stamp of a table; one that is behind was written before."""
        return SimpleNamespace(newest_stamp=lambda: None if name in self.behind else self.newest)

    def _build(self, _session: object, until_ms: int, _turn: object, memory: object) -> Built:
        self.seconds += self.takes
        self.did.append(until_ms)
        self.memories.append(memory)
        return Built("done", self.is_whole)

    @contextmanager
    def turn(self) -> Iterator[None]:
        self.did.append("turn")
        yield

    def look(self) -> list[object]:
        """What was done."""
        self.did = []
        session: Any = None
        if self.keeper.is_due():
            self.keeper.run(session, self.turn())
        return self.did

    def reads(self, until_ms: int) -> None:
        self.now_ms = self.until_ms = until_ms
        self.seconds += 1_000


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch) -> Lake:
    return Lake(monkeypatch)


def test_each_window_is_judged_once_its_early_cutoff_was_read(lake: Lake) -> None:
    assert lake.look() == []
    lake.reads(BEGIN_MS + EARLY_MS - 1)
    assert lake.look() == []
    cutoff_ms = BEGIN_MS + EARLY_MS
    lake.reads(cutoff_ms)
    assert lake.look() == ["turn", "rules", cutoff_ms]
    lake.reads(cutoff_ms + WINDOW_MS - 1)
    assert lake.look() == []
    lake.reads(cutoff_ms + WINDOW_MS)
    assert lake.look() == ["turn", "rules", cutoff_ms + WINDOW_MS]


def test_a_stream_that_lags_judges_later(lake: Lake) -> None:
    lake.look()
    lake.reads(BEGIN_MS + WINDOW_MS + EARLY_MS)
    for until_ms in (None, BEGIN_MS):
        lake.until_ms = until_ms
        assert lake.look() == []
        lake.seconds += 1_000
    lake.until_ms = lake.now_ms
    assert lake.look()


def test_after_a_stop_it_goes_on_where_the_log_is(lake: Lake) -> None:
    lake.newest = Stamp(1, {stamps.READ_UNTIL_MS: str(BEGIN_MS - 10 * WINDOW_MS)})
    assert lake.look() == ["turn", "rules", BEGIN_MS]


@pytest.mark.parametrize("table", [ALERTS_LOG, ALERT_INCIDENTS])
def test_a_table_that_was_left_behind_is_written_at_once(lake: Lake, table: str) -> None:
    lake.newest = Stamp(1, {stamps.READ_UNTIL_MS: str(BEGIN_MS)})
    assert lake.look() == []
    lake.restart()
    lake.behind = {table}
    assert lake.look() == ["turn", "rules", BEGIN_MS]


@pytest.mark.parametrize(("is_whole", "waits"), [(True, 19), (False, 4)])
def test_builds_take_a_twentieth_of_the_time_at_most_and_a_fifth_where_little_is_new(
    lake: Lake, is_whole: bool, waits: int
) -> None:
    lake.look()
    lake.takes, lake.is_whole = 60.0, is_whole
    lake.reads(BEGIN_MS + WINDOW_MS + EARLY_MS)
    assert lake.look()
    lake.now_ms = lake.until_ms = BEGIN_MS + 3 * WINDOW_MS
    lake.seconds += waits * 60 - 1
    assert lake.look() == []
    lake.seconds += 1
    assert lake.look()


def test_each_build_has_what_the_one_before_remembered(lake: Lake) -> None:
    lake.look()
    for windows in (1, 2):
        lake.reads(BEGIN_MS + windows * WINDOW_MS + EARLY_MS)
        assert lake.look()
    first, second = lake.memories
    assert first is second
    assert isinstance(first, Memory)


def test_without_a_broker_nothing_is_judged_and_it_says_so(
    lake: Lake, caplog: pytest.LogCaptureFixture
) -> None:
    lake.look()
    lake.reads(BEGIN_MS + WINDOW_MS + EARLY_MS)

    def away(_session: object) -> int:
        raise TopicError("no broker at 127.0.0.1:9")

    lake.keeper._read_until = away
    with caplog.at_level(logging.WARNING):
        assert lake.look() == []
    assert "no window is judged until the broker answers: no broker at" in caplog.text
