"""POST /alerts/test-message."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi.testclient import TestClient
from pydantic import SecretStr

from adlake.api.app import build_app
from adlake.api.parts import Parts
from adlake.contracts.errors import AdlakeError
from adlake.contracts.notices import Outcome, Sending
from tests.unit.api.parts import parts_with

PATH = "/alerts/test-message"


def parts_that_send(*asked: list[str]) -> Parts:
    parts = parts_with()

    def send(channel: str) -> Mapping[str, Outcome]:
        for one in asked:
            one.append(channel)
        if channel == "pigeon":
            raise AdlakeError("no channel is called pigeon")
        return {
            "slack": Outcome(Sending.SENT, 200),
            "email": Outcome(Sending.FAILED, 554, "not taken"),
        }

    parts.send_trial = send
    return parts


def test_it_says_what_became_of_the_message_on_each_channel() -> None:
    asked: list[str] = []
    client = TestClient(build_app(parts_that_send(asked)))
    answer = client.post(PATH)
    assert answer.status_code == 200
    assert answer.json() == [
        {"channel": "slack", "state": "SENT", "response_code": 200, "reason": ""},
        {"channel": "email", "state": "FAILED", "response_code": 554, "reason": "not taken"},
    ]  # fmt: skip
    assert client.post(PATH, params={"channel": "slack"}).status_code == 200
    assert asked == ["", "slack"]


def test_a_channel_that_is_not_there_is_422() -> None:
    answer = TestClient(build_app(parts_that_send())).post(PATH, params={"channel": "pigeon"})
    assert answer.status_code == 422
    assert answer.json()["detail"] == "no channel is called pigeon"


def test_it_wants_the_key_of_writers() -> None:
    asked: list[str] = []
    parts = parts_that_send(asked)
    parts.key = SecretStr("open-sesame")
    client = TestClient(build_app(parts))
    assert client.post(PATH).status_code == 401
    assert asked == []
    assert client.post(PATH, headers={"X-Api-Key": "open-sesame"}).status_code == 200
