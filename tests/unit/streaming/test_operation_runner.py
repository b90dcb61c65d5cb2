"""What the holder of the lease does with a request: done, failed, lost reply, lost lease."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from adlake.io.iceberg.table_clock import ClockBehind
from adlake.io.postgres.operations import PUBLISH_REPLAY, Operation
from adlake.io.postgres.sqlstate import STALE_WRITER
from adlake.streaming import operations
from adlake.streaming.clock_wait import ClockWait
from adlake.streaming.operations import OperationRunner, Pause

REQUEST = Operation(7, PUBLISH_REPLAY, {"shadow_snapshot": 1}, "requested", "")


class Requests:
    """Stands for the table of operations, and for who carries one out."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open: list[Operation] = [REQUEST]
        self.finished: list[tuple[int, str, str]] = []
        self.applied = False
        self.given_up = 0
        self.lock = threading.Lock()
        self.moves = 0
        self.work: Callable[[Pause], str] = lambda _pause: "published"
        kept = operations.operations
        monkeypatch.setattr(kept, "next_open", lambda _: next(iter(self.open), None))
        monkeypatch.setattr(kept, "finish", self._finish)
        monkeypatch.setattr(operations, "STEP_ASIDE_SECONDS", 0.05)
        monkeypatch.setattr(operations, "LOOK_SECONDS", 0.0)

    def carry_out(self, _session: object, _operation: Operation, pause: Pause) -> str:
        return self.work(pause)

    def is_applied(self, _session: object, _operation: Operation) -> bool:
        return self.applied

    def give_up(self, _session: object) -> None:
        self.given_up += 1

    def fail(self, error: Exception) -> None:
        def work(_pause: Pause) -> str:
            raise error

        self.work = work

    def _finish(self, _connect: object, number: int, state: str, result: str) -> None:
        assert self.lock.locked(), "recorded while a batch may run"
        self.finished.append((number, state, result))
        self.open.clear()

    def moved(self) -> None:
        assert self.lock.locked()
        self.moves += 1

    def runner(self, clock: ClockWait | None = None) -> OperationRunner:
        nothing: Any = None
        return OperationRunner(
            nothing, nothing, {PUBLISH_REPLAY: self}, between_batches=self.lock,
            on_moved=self.moved, clock=clock,
        )  # fmt: skip


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> Requests:
    return Requests(monkeypatch)


def refusal(words: str) -> Exception:
    """A commit that the fence refused, in other words than its own."""
    refused, failed = psycopg.DatabaseError(words), RuntimeError("the commit failed")
    refused.sqlstate = STALE_WRITER
    failed.__cause__ = refused
    return failed


def test_batches_run_between_two_steps_and_not_else(requests: Requests) -> None:
    batches = []

    def batch() -> None:
        with requests.lock:
            batches.append("batch")

    def work(pause: Pause) -> str:
        waiting = threading.Thread(target=batch)
        waiting.start()
        assert batches == []
        # On busy cores it comes to the lock later than the first pause ends.
        for _ in range(200):
            pause()
            if batches:
                break
        assert batches == ["batch"]
        assert requests.lock.locked()
        waiting.join()
        return "published"

    requests.work = work
    requests.runner().run_due()
    assert requests.finished == [(7, "done", "published")]
    assert requests.moves >= 2, "a batch between two steps made a processor of the old law"
    assert not requests.lock.locked()


def test_a_failed_request_is_closed_and_forgotten(
    requests: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests.fail(RuntimeError("no shadow"))
    requests.runner().run_all()
    assert requests.finished == [(7, "failed", "no shadow")]
    assert requests.given_up == 1


def test_a_lost_reply_is_no_failure(requests: Requests, monkeypatch: pytest.MonkeyPatch) -> None:
    requests.fail(RuntimeError("commit state unknown"))
    requests.applied = True
    requests.runner().run_all()
    assert [state for _, state, _ in requests.finished] == ["done"]
    assert requests.given_up == 0


def test_a_fenced_driver_leaves_the_request_to_the_next(
    requests: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests.fail(refusal("whatever it says"))
    with pytest.raises(RuntimeError, match="the commit failed"):
        requests.runner().run_due()
    assert requests.finished == []
    assert requests.open == [REQUEST]


def test_a_failure_that_only_speaks_of_fences_is_a_failure(
    requests: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests.fail(RuntimeError("ERROR: fenced: lease attribution is at epoch 3"))
    requests.runner().run_all()
    assert [state for _, state, _ in requests.finished] == ["failed"]


def test_a_database_that_is_away_stops_nothing(
    requests: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: object) -> Operation:
        raise psycopg.OperationalError("connection refused")

    monkeypatch.setattr(operations.operations, "next_open", away)
    requests.runner().run_due()
    assert requests.finished == []


def test_a_request_waits_for_the_clock_and_is_not_closed(
    requests: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock is set back while it is carried out; it has caught up when it is tried again."""
    looks = iter([None, behind(), None])
    tried: list[str] = []

    def work(_pause: Pause) -> str:
        tried.append("")
        if len(tried) == 1:
            raise RuntimeError("[BUG] Expected sorted snapshot log entries")
        return "published"

    requests.work = work
    requests.runner(ClockWait(lambda: next(looks), lambda: False)).run_all()
    assert requests.finished == [(7, "done", "published")]


def test_an_operation_that_nobody_knows_is_closed_with_that(requests: Requests) -> None:
    requests.open = [Operation(8, "erase", {}, "requested", "")]
    requests.runner().run_all()
    assert [(number, state) for number, state, _ in requests.finished] == [(8, "failed")]
    assert "erase" in requests.finished[0][2]


def test_a_stop_while_the_clock_is_behind_leaves_the_request_open(requests: Requests) -> None:
    requests.runner(ClockWait(behind, lambda: True)).run_all()
    assert requests.finished == []
    assert requests.open == [REQUEST]


def behind() -> ClockBehind:
    now_ms = int(time.time() * 1000)
    return ClockBehind("gold.ad_performance_state", now_ms + 3_600_000, now_ms)
