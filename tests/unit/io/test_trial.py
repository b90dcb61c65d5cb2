"""A test message through the API, against a real HTTP server: every ending is a sentence."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import SecretStr

from adlake.contracts.address import LOOPBACK, Address
from adlake.devstack.services.ports import free_ports
from adlake.io.events_api.trial import Delivered, NoMessageError, send_test_message

Asked = list[tuple[str, str | None]]
SENT = {"channel": "slack", "state": "SENT", "response_code": 200, "reason": ""}
FAILED = {"channel": "slack", "state": "FAILED", "response_code": 404, "reason": ""}


@contextmanager
def api(code: int, content: bytes) -> Iterator[tuple[Address, Asked]]:
    """Answers every post like that, and tells what it was asked."""
    asked: Asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append((self.path, self.headers["X-Api-Key"]))
            self.send_response(code)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Address(LOOPBACK, server.server_port), asked
        finally:
            server.shutdown()
            thread.join()


def sent(code: int, told: Any, key: SecretStr | None = None) -> Delivered:  # noqa: ANN401
    with api(code, json.dumps(told).encode()) as (address, asked):
        try:
            return send_test_message(address, key, "slack")
        finally:
            wanted = None if key is None else key.get_secret_value()
            assert asked == [("/alerts/test-message?channel=slack", wanted)]


def test_what_became_of_the_message() -> None:
    assert sent(200, [SENT], SecretStr("open-sesame")) == Delivered(True, "")
    assert sent(200, [FAILED]) == Delivered(False, "it answered 404")
    timed_out = FAILED | {"response_code": None, "reason": "no answer in 5 s"}
    assert sent(200, [timed_out]) == Delivered(False, "no answer in 5 s")


@pytest.mark.parametrize(
    ("code", "told", "said"),
    [
        (200, [], "no channel is called slack, or it is off"),
        (422, {"detail": "slack is off: set ADLAKE_SLACK_WEBHOOK_URL"}, "slack is off: set"),
        (401, {"detail": "the header X-Api-Key is missing"}, "ADLAKE_API_KEY"),
        (503, {"detail": "later"}, "answers 503: later"),
        (404, None, "answers 404: without a reason"),
    ],
)
def test_no_message_was_sent(code: int, told: object, said: str) -> None:
    with pytest.raises(NoMessageError, match=said) as raised:
        sent(code, told, SecretStr("open-sesame"))
    assert "open-sesame" not in str(raised.value)


def test_who_answers_in_another_tongue_is_no_api() -> None:
    with (
        api(200, b"<html>") as (address, _),
        pytest.raises(NoMessageError, match="does not answer as the API does"),
    ):
        send_test_message(address, None, "slack")


def test_an_api_that_is_away_is_named() -> None:
    [port] = free_ports(1)
    with pytest.raises(NoMessageError, match="does not answer: start it with `make up ONLY=api`"):
        send_test_message(Address(LOOPBACK, port), None, "slack")
