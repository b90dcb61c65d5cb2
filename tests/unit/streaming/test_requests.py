"""A command has something done: by the stream, or here when none runs; what failed is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from adlake.cli import app
from adlake.customers.day_roll import DAY
from adlake.io.postgres.lease import LeaseHeldError
from adlake.io.postgres.operations import BUILD_MODELS, MAINTAIN, ROLL_DAY, Operation
from adlake.models.contract import MOST_HALF_LIFE_MS
from adlake.models.handler import HALF_LIFE_ARGUMENT, model_handlers
from adlake.streaming import asking, requests
from adlake.streaming.requests import OperationFailedError, ask
from adlake.wiring.operations import operation_handlers

CONFIG: Any = SimpleNamespace(lease_connect=None)


class Desk:
    """Stands for the table of operations and the lease; `states` is what each look finds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, states: list[str], *, held: bool) -> None:
        self.states, self.held, self.living = states, held, "pid 1"
        self.asked: list[tuple[str, dict[str, int]]] = []
        self.done_here = 0
        kept = asking.operations
        monkeypatch.setattr(kept, "request", self._request)
        monkeypatch.setattr(kept, "read", self._read)
        monkeypatch.setattr(asking, "leased", self._leased)
        session = SimpleNamespace(stop=lambda: None)
        monkeypatch.setattr(asking, "leased_session", lambda *_: session)
        monkeypatch.setattr(requests, "_runner", lambda *_: SimpleNamespace(run_all=self._run))
        monkeypatch.setattr(asking, "POLL_SECONDS", 0.0)

    def _request(self, _connect: object, kind: str, arguments: dict[str, int]) -> int:
        self.asked.append((kind, arguments))
        return 4

    def _read(self, _connect: object, number: int) -> Operation:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return Operation(number, BUILD_MODELS, {}, state, "the result")

    @contextmanager
    def _leased(self, _config: object, _name: str) -> Iterator[None]:
        if self.held:
            raise LeaseHeldError("pid 1 holds it: stop that one", self.living)
        yield

    def _run(self) -> None:
        self.done_here += 1


def test_the_stream_does_it_and_the_user_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, ["requested", "requested", "done"], held=True)
    told: list[str] = []
    assert ask(CONFIG, BUILD_MODELS, {"x": 1}, told.append) == "the result"
    assert desk.asked == [(BUILD_MODELS, {"x": 1})]
    assert desk.done_here == 0
    assert told == ["operation 4 waits for the stream (pid 1), which does it between two batches"]


def test_of_a_holder_that_may_be_dead_the_user_is_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk(monkeypatch, ["requested", "done"], held=True)
    desk.living = ""
    told: list[str] = []
    ask(CONFIG, BUILD_MODELS, {}, told.append)
    assert told == ["operation 4 waits for the stream: pid 1 holds it: stop that one"]


def test_it_is_done_here_where_no_stream_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, ["requested", "done"], held=False)
    told: list[str] = []
    assert ask(CONFIG, BUILD_MODELS, {}, told.append) == "the result"
    assert desk.done_here == 1
    assert told == ["no stream runs: doing operation 4 here"]


def test_what_failed_is_an_error_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    Desk(monkeypatch, ["failed"], held=True)
    with pytest.raises(OperationFailedError, match=r"build-models was not done.*: the result"):
        ask(CONFIG, BUILD_MODELS, {}, lambda _: None)


def test_whoever_does_requests_can_do_all_kinds_of_them() -> None:
    """Else an open one of another kind would be failed by a command that does not know it."""
    assert set(operation_handlers(lambda: None, lambda _: None, 3)) == {  # type: ignore[arg-type, return-value]
        "publish-replay", "undo-replay", "build-models", "build-rollups", "build-alerts",
        "build-budgets", "keep-snapshot", "maintain", "roll-day", "make-views",
    }  # fmt: skip
    assert set(model_handlers(lambda _: None)) == {BUILD_MODELS}  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize(
    ("given", "half_life_ms"),
    [([], 7 * 86_400_000), (["--half-life", "1ms"], 1), (["--half-life", "10000d"], None)],
)
def test_the_command_asks_with_its_half_life(
    given: list[str], half_life_ms: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asked_by(monkeypatch)
    done = CliRunner().invoke(app, ["models", "build", *given])
    assert done.output == "done\n"
    assert asked == [(BUILD_MODELS, {HALF_LIFE_ARGUMENT: half_life_ms or MOST_HALF_LIFE_MS})]


@pytest.mark.parametrize(
    ("given", "first"),
    [([], []), (["--as-of", "1970-02-01"], [(ROLL_DAY, {DAY: 31})])],
)
def test_maintenance_names_the_day_of_customers_first(
    given: list[str], first: list[tuple[str, dict[str, int]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asked_by(monkeypatch)
    done = CliRunner().invoke(app, ["maintain", *given])
    assert done.exit_code == 0, done.output
    assert asked == [*first, (MAINTAIN, {})]


def test_a_day_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = asked_by(monkeypatch)
    assert CliRunner().invoke(app, ["maintain", "--as-of", "yesterday"]).exit_code == 2
    assert asked == []


def asked_by(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, int]]]:
    """Kind and arguments of what commands ask for from now on; it is done at once."""
    asked: list[tuple[str, dict[str, int]]] = []

    def take(_config: object, kind: str, arguments: dict[str, int], _report: object) -> str:
        asked.append((kind, dict(arguments)))
        return "done"

    monkeypatch.setattr("adlake.wiring.operations.request_config", lambda *_: None)
    monkeypatch.setattr("adlake.wiring.spark.choose_jdk", lambda _: None)
    monkeypatch.setattr("adlake.streaming.requests.ask", take)
    return asked


@pytest.mark.parametrize("half_life", ["0s", "0.4ms", "10001d"])
def test_a_half_life_that_cannot_be_is_refused(half_life: str) -> None:
    refused = CliRunner().invoke(app, ["models", "build", "--half-life", half_life])
    assert refused.exit_code == 2, refused.output
    assert "from 1ms to 10000d" in refused.output
