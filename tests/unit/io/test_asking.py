"""Questions to the API and single posts, against a real HTTP server: an answer, or a sentence."""

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
from adlake.io.events_api.asking import (
    ApiAwayError,
    ApiError,
    ApiRefusedError,
    ApiUnreadyError,
    LakeApi,
    path_of,
    why_of,
)


@contextmanager
def api(code: int, content: bytes) -> Iterator[tuple[LakeApi, list[tuple[str, dict[str, str]]]]]:
    """Answers everything like that, and tells what it was asked, with body."""
    asked: list[tuple[str, dict[str, str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
            asked.append((f"{self.command} {self.path}", {**dict(self.headers), "body": body}))
            self.send_response(code)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            address = Address(LOOPBACK, server.server_port)
            yield LakeApi(address, lambda: SecretStr("open-sesame")), asked
        finally:
            server.shutdown()
            thread.join()


def test_a_question_has_no_key_and_a_post_has_one() -> None:
    with api(200, b'{"rows": []}') as (lake, asked):
        assert lake.get(path_of("customers", "a/b ?"), {"limit": "1"}) == {"rows": []}
        assert lake.post("/events", '{"a": 1}') == {"rows": []}
    (question, plain), (_, told) = asked
    assert question == "GET /customers/a%2Fb%20%3F?limit=1"
    assert "X-Api-Key" not in plain
    assert (told["X-Api-Key"], told["body"]) == ("open-sesame", '{"a": 1}')


def test_what_is_not_there_is_none() -> None:
    with api(404, b'{"detail": "nobody"}') as (lake, _):
        assert lake.get("/customers/x") is None
        with pytest.raises(ApiRefusedError, match="404: nobody"):
            lake.post("/customers/x", "{}")


@pytest.mark.parametrize(
    ("code", "content", "kind", "words"),
    [
        (503, b'{"detail": "no Trino answers"}', ApiUnreadyError, "no Trino answers"),
        (401, b'{"detail": "x"}', ApiRefusedError, "ADLAKE_API_KEY"),
        (207, b'{"items": [{"accepted": true}, {"reason": "BAD_ID", "detail": "d"}]}',
         ApiRefusedError, "BAD_ID: d"),
        (200, b"<html>", ApiAwayError, "does not answer as the API does"),
    ],
)  # fmt: skip
def test_other_answers_are_sentences(
    code: int, content: bytes, kind: type[ApiError], words: str
) -> None:
    with api(code, content) as (lake, _), pytest.raises(kind, match=words):
        lake.post("/events", "{}")


def test_nobody_there() -> None:
    lake = LakeApi(Address(LOOPBACK, free_ports(1)[0]))
    with pytest.raises(ApiAwayError, match="make up ONLY=api"):
        lake.get("/advertisers")


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"detail": [{"loc": ["query", "limit"], "msg": "is large"}]}, "limit is large"),
        ({"items": [{"accepted": False, "reason": "BAD_VALUE", "detail": "BAD_PERIOD"}]},
         "BAD_VALUE: BAD_PERIOD"),
        ({}, "without a reason"), (None, "without a reason"),
    ],
)  # fmt: skip
def test_why_something_was_refused(told: Any, why: str) -> None:  # noqa: ANN401
    assert why_of(json.loads(json.dumps(told))) == why
