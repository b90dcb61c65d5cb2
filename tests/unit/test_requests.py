"""What the holder of the lease does with a request: done, failed, lost reply, lost lease."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from adlake.io.operations import PUBLISH_REPLAY, Operation
from adlake.io.table_clock import ClockBehind
from adlake.jobs import requests
from adlake.jobs.clock_wait import ClockWait
from adlake.jobs.requests import RequestDesk

REQUEST = Operation(7, PUBLISH_REPLAY, {"shadow_snapshot": 1}, "requested", "")


class Books:
    """Stands for the table of operations and for Gold."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open: list[Operation] = [REQUEST]
        self.finished: list[tuple[int, str, str]] = []
        self.is_applied = False
        self.branches_forgotten = 0
        self.lock = threading.Lock()
        self.moves = 0
        monkeypatch.setattr(requests.operations, "next_open", lambda _: next(iter(self.open), None))
        monkeypatch.setattr(requests.operations, "finish", self._finish)
        monkeypatch.setattr(requests, "is_applied", lambda _gold, _number: self.is_applied)
        monkeypatch.setattr(requests, "IcebergTable", lambda _session, _name: self)
        monkeypatch.setattr(requests, "STEP_ASIDE_SECONDS", 0.3)
        monkeypatch.setattr(requests, "LOOK_SECONDS", 0.0)

    def remove_branch(self, _name: str) -> None:
        self.branches_forgotten += 1

    def _finish(self, _connect: object, number: int, state: str, result: str) -> None:
        assert self.lock.locked(), "recorded while a batch may run"
        self.finished.append((number, state, result))
        self.open.clear()

    def moved(self) -> None:
        assert self.lock.locked()
        self.moves += 1

    def desk(self) -> RequestDesk:
        nothing: Any = None
        return RequestDesk(nothing, nothing, self.lock, self.moved)


@pytest.fixture
def books(monkeypatch: pytest.MonkeyPatch) -> Books:
    return Books(monkeypatch)


def planted(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def carry_out(*_: object) -> str:
        raise error

    monkeypatch.setattr(requests, "carry_out", carry_out)


def test_batches_run_between_two_steps_and_not_else(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = []

    def batch() -> None:
        with books.lock:
            batches.append("batch")

    def carry_out(
        _session: object, _operation: object, _law: object, pause: Callable[[], None]
    ) -> str:
        waiting = threading.Thread(target=batch)
        waiting.start()
        assert batches == []
        pause()
        assert batches == ["batch"]
        assert books.lock.locked()
        waiting.join()
        return "published"

    monkeypatch.setattr(requests, "carry_out", carry_out)
    books.desk().serve_due()
    assert books.finished == [(7, "done", "published")]
    assert books.moves >= 2, "a batch between two steps made a processor of the old law"
    assert not books.lock.locked()


def test_a_failed_request_is_closed_and_forgotten(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted(monkeypatch, RuntimeError("no shadow"))
    books.desk().serve_all()
    assert books.finished == [(7, "failed", "no shadow")]
    assert books.branches_forgotten == 1


def test_a_lost_reply_is_no_failure(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    planted(monkeypatch, RuntimeError("commit state unknown"))
    books.is_applied = True
    books.desk().serve_all()
    assert [state for _, state, _ in books.finished] == ["done"]
    assert books.branches_forgotten == 0


def test_a_fenced_driver_leaves_the_request_to_the_next(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted(monkeypatch, RuntimeError("ERROR: fenced: lease attribution is at epoch 3"))
    with pytest.raises(RuntimeError, match="fenced"):
        books.desk().serve_due()
    assert books.finished == []
    assert books.open == [REQUEST]


def test_a_database_that_is_away_stops_nothing(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: object) -> Operation:
        raise psycopg.OperationalError("connection refused")

    monkeypatch.setattr(requests.operations, "next_open", away)
    books.desk().serve_due()
    assert books.finished == []


def test_a_request_waits_for_the_clock_and_is_not_closed(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock is set back while it is carried out; it has caught up when it is tried again."""
    looks = iter([None, behind(), None])
    tried: list[str] = []

    def carry_out(*_: object) -> str:
        tried.append("")
        if len(tried) == 1:
            raise RuntimeError("[BUG] Expected sorted snapshot log entries")
        return "published"

    monkeypatch.setattr(requests, "carry_out", carry_out)
    nothing: Any = None
    clock = ClockWait(lambda: next(looks), lambda: False)
    RequestDesk(nothing, nothing, books.lock, books.moved, clock).serve_all()
    assert books.finished == [(7, "done", "published")]


def test_a_stop_while_the_clock_is_behind_leaves_the_request_open(books: Books) -> None:
    nothing: Any = None
    clock = ClockWait(behind, lambda: True)
    RequestDesk(nothing, nothing, books.lock, books.moved, clock).serve_all()
    assert books.finished == []
    assert books.open == [REQUEST]


def behind() -> ClockBehind:
    now_ms = int(time.time() * 1000)
    return ClockBehind("gold.ad_performance_state", now_ms + 3_600_000, now_ms)
