"""Servers are asked whether they serve without their clients; what they say decides."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from adlake.io.postgres import answers as postgres
from adlake.io.trino import answers as trino

HOST = "127.0.0.1"


@contextmanager
def database(answer: bytes | None, heard: list[bytes]) -> Iterator[int]:
    """Port of a server that takes one message and sends `answer`; None: it says nothing."""
    with socket.create_server((HOST, 0)) as listener:

        def serve() -> None:
            with listener.accept()[0] as client:
                heard.append(client.recv(1_000))
                if answer is None:
                    client.recv(1)  # until the other end has had enough
                else:
                    client.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


@pytest.mark.parametrize(
    ("answer", "is_ready"),
    [(b"R\0\0\0\x08\0\0\0\x0a", True), (b"E\0\0\0\x20SFATAL\0C57P03\0", False), (b"", False)],
    ids=["wants a password", "starts up", "closes"],
)
def test_a_database_is_ready_when_it_asks_for_a_password(answer: bytes, is_ready: bool) -> None:
    heard: list[bytes] = []
    with database(answer, heard) as port:
        assert postgres.answers_login(HOST, port, "admin") is is_ready
    length, version = struct.unpack("!ii", heard[0][:8])
    assert (length, version) == (len(heard[0]), 196_608)
    assert heard[0][8:] == b"user\0admin\0database\0admin\0\0"


def test_a_database_that_hangs_or_is_away_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "ANSWER_SECONDS", 0.2)
    with database(None, []) as port:
        assert postgres.answers_login(HOST, port, "admin") is False
    assert postgres.answers_login(HOST, port, "admin") is False


@contextmanager
def coordinator(
    *pages: object, seconds: float = 0.0
) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """Port of a Trino that answers with these pages one after the other, and what it was asked."""
    asked: list[tuple[str, str]] = []
    left = list(pages)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def do_GET(self) -> None:
            self._answer("")

        def do_DELETE(self) -> None:
            asked.append((self.path, "DELETE"))
            self.send_response(204)
            self.end_headers()

        def _answer(self, body: str) -> None:
            asked.append((self.path, body))
            time.sleep(seconds)
            page = left.pop(0)
            self.send_response(200 if page is not None else 503)
            self.end_headers()
            text = page if isinstance(page, str) else json.dumps(page)
            self.wfile.write(text.replace("HERE", f"http://{HOST}:{port}").encode())

        def log_message(self, *_: object) -> None:
            """In silence."""

    with HTTPServer((HOST, 0), Handler) as server:
        port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield port, asked
        server.shutdown()
        thread.join()


def test_a_trino_is_ready_when_a_query_on_the_catalog_returns_rows() -> None:
    pages = ({"nextUri": "HERE/1"}, {"nextUri": "HERE/2", "data": [["gold"]]}, {"stats": {}})
    with coordinator(*pages) as (port, asked):
        assert trino.answers_query(HOST, port) is True
    assert asked == [("/v1/statement", "SHOW SCHEMAS FROM lakehouse"), ("/1", ""), ("/2", "")]


def test_an_error_ends_a_query_whatever_it_returned_before() -> None:
    pages = ({"nextUri": "HERE/1", "data": [["gold"]]}, {"error": {"errorName": "NO_NODES"}})
    with coordinator(*pages) as (port, asked):
        assert trino.answers_query(HOST, port) is False
    assert asked[-1] == ("/1", ""), "it has ended: nothing is cancelled"


@pytest.mark.parametrize(
    ("last", "cancelled"),
    [({"stats": {}}, False), (None, True), ("<html>", True), (["a list"], True)],
    ids=["no rows", "503", "no JSON", "no page"],
)
def test_a_trino_that_answers_otherwise_is_not_ready(last: object, cancelled: bool) -> None:
    with coordinator({"nextUri": "HERE/1"}, last) as (port, asked):
        assert trino.answers_query(HOST, port) is False
    assert (asked[-1] == ("/1", "DELETE")) is cancelled
    assert trino.answers_query(HOST, port) is False, "it is away"


def test_a_query_that_never_ends_is_no_answer_and_is_cancelled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Abandoned queries of one start after the other kept a slow server from its first answer."""
    monkeypatch.setattr(trino, "QUERY_SECONDS", 0.2)
    with coordinator(*[{"nextUri": "HERE/again"}] * 1_000) as (port, asked):
        assert trino.answers_query(HOST, port) is False
    assert len(asked) < 1_000
    assert asked[-1] == ("/again", "DELETE")


def test_a_query_may_take_longer_than_one_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trino, "ANSWER_SECONDS", 1.0)
    pages = [*[{"nextUri": "HERE/again"}] * 60, {"data": [["gold"]]}]
    with coordinator(*pages, seconds=0.02) as (port, asked):
        began = time.monotonic()
        assert trino.answers_query(HOST, port) is True
        assert time.monotonic() - began > trino.ANSWER_SECONDS
    assert len(asked) == len(pages)
