"""A clock behind the tables is waited for and named; nobody counts attempts meanwhile."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from adlake.devstack.errors import DevstackError
from adlake.devstack.status import as_table, status_of
from adlake.io.iceberg.table import IcebergTable
from adlake.io.iceberg.table_clock import TOLERANCE_MS, ClockBehind, clock_behind, wait_for_clock
from adlake.streaming import attempts
from adlake.streaming.attempts import Attempts
from adlake.streaming.clock_wait import ClockWait
from adlake.streaming.ready_file import WaitingNote
from tests.unit.devstack.fakes import fake_service

NOON_MS = 1_764_072_000_000  # 2025-11-25 12:00:00 UTC


@dataclass
class Table:
    """What `clock_behind` asks of a table."""

    name: str
    committed_ms: int
    is_there: bool = True

    def exists(self) -> bool:
        return self.is_there

    def last_commit_ms(self) -> int:
        return self.committed_ms


@dataclass
class Clock:
    """The machine's clock and sleep; time passes only when somebody sleeps."""

    now_ms: float = NOON_MS
    monotonic_seconds: float = 0.0
    told: list[str] = field(default_factory=list)

    def plant(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(time, "time", lambda: self.now_ms / 1000)
        monkeypatch.setattr(time, "monotonic", lambda: self.monotonic_seconds)
        monkeypatch.setattr(time, "sleep", self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.now_ms += seconds * 1000
        self.monotonic_seconds += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    one = Clock()
    one.plant(monkeypatch)
    return one


def tables(*ahead_ms: int) -> Callable[[], ClockBehind | None]:
    made = [Table(f"t{number}", NOON_MS + ahead) for number, ahead in enumerate(ahead_ms)]
    return lambda: clock_behind(cast("list[IcebergTable]", made))


def test_iceberg_forgives_a_minute(clock: Clock) -> None:
    assert tables(TOLERANCE_MS, 0)() is None
    found = tables(0, TOLERANCE_MS + 1)()
    assert found is not None
    assert found.table == "t1"


def test_a_table_that_is_not_there_says_nothing(clock: Clock) -> None:
    gone: Any = Table("t", NOON_MS * 2, is_there=False)
    assert clock_behind([gone]) is None


def test_the_sentence_says_how_far_which_table_until_when_and_what_to_do() -> None:
    said = str(ClockBehind("bronze.ad_events", NOON_MS + 4 * 60_000, NOON_MS))
    assert "4 min 00 s behind the last commit of bronze.ad_events" in said
    assert "until it shows 2025-11-25 12:03:00 UTC" in said
    assert "Set the clock right" in said
    assert "5 h 00 min" in str(ClockBehind("t", NOON_MS + 5 * 3_600_000, NOON_MS))


def test_it_waits_until_commits_are_taken_and_says_so_every_minute(clock: Clock) -> None:
    assert wait_for_clock(tables(4 * 60_000), lambda: False, clock.told.append)
    assert clock.now_ms == pytest.approx(NOON_MS + 3 * 60_000, abs=500)
    assert len(clock.told) == 3
    assert "2 min 00 s" in clock.told[-1], "it says how far behind it is now"


def test_a_clock_that_is_set_right_ends_the_wait_at_once(clock: Clock) -> None:
    def tell(_sentence: str) -> None:
        clock.now_ms += 5 * 3_600_000

    assert wait_for_clock(tables(5 * 3_600_000), lambda: False, tell)
    assert clock.monotonic_seconds < 1


def test_a_stop_ends_the_wait_at_once(clock: Clock) -> None:
    assert not wait_for_clock(
        tables(3_600_000), lambda: clock.monotonic_seconds > 1, clock.told.append
    )
    assert clock.monotonic_seconds < 2


def test_the_note_is_there_while_it_waits_and_no_longer(
    clock: Clock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    note = WaitingNote(tmp_path / "stream" / "ready")
    seen: list[str] = []

    def is_stopping() -> bool:
        seen.append(note.read())
        return False

    with caplog.at_level(logging.WARNING):
        assert ClockWait(tables(120_000), is_stopping, note).passes()
    assert "behind the last commit of t0" in seen[-1]
    assert "behind the last commit of t0" in caplog.text
    assert not note.read()


def test_times_that_cannot_be_read_are_not_taken_for_a_clock_that_is_behind() -> None:
    def away() -> ClockBehind | None:
        raise RuntimeError("the catalog is away")

    assert not ClockWait(away, lambda: False).is_behind()


def test_status_and_up_say_what_a_service_waits_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from adlake.devstack.services.ports import free_ports

    service = fake_service(tmp_path, free_ports(1)[0])
    sentence = "the clock of this machine is 4 min behind"
    monkeypatch.setattr(service, "waits_for", lambda: sentence)
    monkeypatch.setattr(service, "is_ready", lambda: False)
    try:
        with pytest.raises(DevstackError, match=f"fake runs, and waits: {sentence}"):
            service.start()
        assert f"fake: {sentence}" in as_table([status_of(service)])
    finally:
        service.stop()


class Refused:
    """A processor whose commits are refused until the clock has caught up."""

    def __init__(self, clock: Clock, until_ms: float) -> None:
        self._clock, self._until_ms = clock, until_ms
        self.tried = self.refreshed = 0

    def refresh(self) -> None:
        self.refreshed += 1

    def process(self, _records: object, _batch_id: int, *, has_exact_times: bool) -> None:
        self.tried += 1
        if self._clock.now_ms < self._until_ms:
            raise RuntimeError("[BUG] Expected sorted snapshot log entries.")


def test_a_batch_that_the_clock_holds_up_counts_no_attempt(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "MAX_ATTEMPTS", 1)
    held_up: Any = Refused(clock, NOON_MS + 3 * 60_000)
    nothing: Any = None
    wait = ClockWait(tables(4 * 60_000), lambda: False)
    Attempts(threading.Event(), lambda: False, wait).process(held_up, nothing, 0)
    assert (held_up.tried, held_up.refreshed) == (2, 1)


def test_a_stop_leaves_a_batch_that_the_clock_holds_up(clock: Clock) -> None:
    held_up: Any = Refused(clock, NOON_MS * 2)
    stopping, nothing = threading.Event(), cast("Any", None)
    wait = ClockWait(tables(3_600_000), lambda: clock.monotonic_seconds > 1)
    Attempts(stopping, lambda: False, wait).process(held_up, nothing, 0)
    assert held_up.tried == 1
    assert stopping.is_set()
