"""GET /alerts/notifications."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient

from adlake.api.app import build_app
from adlake.contracts.notices import Sending
from adlake.devstack.services.ports import private_environment
from adlake.io.postgres.driver import Connection
from adlake.io.postgres.notifications import LoggedOnChannel, NotificationLog
from adlake.settings import Settings
from adlake.wiring.notifications import newest_notifications
from tests.unit.api.parts import parts_with

PATH = "/alerts/notifications"
TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
FAILED = LoggedOnChannel(
    incident_id="i1", transition="opened", channel="slack", transition_at=TEN, state="FAILED",
    is_final=True, attempts=4, rounds=2, response_code=404, reason="answered 404", sent_at=None,
    changed_at=TEN,
)  # fmt: skip


def client_of(rows: Sequence[LoggedOnChannel], asked: list[tuple[str, int, bool]]) -> TestClient:
    def ask(state: Sending, most: int, *, is_final: bool) -> Sequence[LoggedOnChannel]:
        asked.append((state, most, is_final))
        return rows

    parts = parts_with()
    parts.ask_notifications = ask
    return TestClient(build_app(parts))


def test_without_parameters_it_tells_what_was_given_up() -> None:
    asked: list[tuple[str, int, bool]] = []
    answer = client_of([FAILED], asked).get(PATH)
    assert answer.status_code == 200
    assert answer.json() == [{
        "incident_id": "i1", "transition": "opened", "channel": "slack",
        "transition_at": "2026-03-02T10:00:00Z", "state": "FAILED", "is_final": True,
        "attempts": 4, "rounds": 2, "response_code": 404, "reason": "answered 404",
        "sent_at": None, "changed_at": "2026-03-02T10:00:00Z",
    }]  # fmt: skip
    assert asked == [("FAILED", 100, True)]


def test_other_states_can_be_asked_for() -> None:
    asked: list[tuple[str, int, bool]] = []
    client = client_of([], asked)
    assert client.get(PATH, params={"state": "SENT", "limit": "500"}).json() == []
    client.get(PATH, params={"is_final": "false"})
    assert asked == [("SENT", 500, True), ("FAILED", 100, False)]


@pytest.mark.parametrize(
    ("name", "value"), [("state", "LOST"), ("limit", "0"), ("limit", "501"), ("is_final", "maybe")]
)
def test_what_cannot_be_asked_is_422_with_the_parameter(name: str, value: str) -> None:
    asked: list[tuple[str, int, bool]] = []
    answer = client_of([], asked).get(PATH, params={name: value})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", name]
    assert asked == []


def refused(error: psycopg.Error) -> Connection:
    raise error


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (psycopg.OperationalError("connection refused"), "`make up`"),
        (psycopg.errors.UndefinedTable("adlake.notifications is not there"), "`make provision`"),
    ],
)
def test_a_database_that_cannot_say_is_503_with_what_to_do(
    error: psycopg.Error, advice: str
) -> None:
    parts = parts_with()
    parts.ask_notifications = NotificationLog(partial(refused, error)).newest
    answer = TestClient(build_app(parts), raise_server_exceptions=False).get(PATH)
    assert answer.status_code == 503
    assert advice in answer.json()["detail"]
    assert answer.headers["Retry-After"] == "1"


def test_a_home_in_which_nothing_was_started_is_503(tmp_path: Path) -> None:
    parts = parts_with()
    nothing = Settings(private_environment(tmp_path / "home"))
    parts.ask_notifications = partial(newest_notifications, nothing)
    answer = TestClient(build_app(parts), raise_server_exceptions=False).get(PATH)
    assert answer.status_code == 503
