"""Requests to an object store: signed as S3's own documentation works them, and told in words."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import SecretStr

from adlake.io.s3.client import StoreClient, StoreError, lake_policy

EXAMPLE = StoreClient(
    "http://examplebucket.s3.amazonaws.com",
    "us-east-1",
    "AKIAIOSFODNN7EXAMPLE",
    SecretStr("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
)
MOMENT = datetime(2013, 5, 24, tzinfo=UTC)


def test_a_request_is_signed_as_in_the_documentation_of_s3() -> None:
    headers = EXAMPLE.signed_headers("GET", "/", "lifecycle=", b"", MOMENT)
    assert headers["Authorization"].endswith(
        "Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
    )


def test_every_part_of_a_request_is_signed() -> None:
    def signature(method: str, path: str, query: str, body: bytes) -> str:
        return EXAMPLE.signed_headers(method, path, query, body, MOMENT)["Authorization"]

    signatures = {
        signature("GET", "/", "", b""),
        signature("PUT", "/", "", b""),
        signature("GET", "/lake", "", b""),
        signature("GET", "/", "policy=", b""),
        signature("GET", "/", "", b"{}"),
    }
    assert len(signatures) == 5


def test_a_reader_may_read_and_nothing_else() -> None:
    policy = lake_policy("lake", ["writer"], ["reader"])
    rights = {
        who: {
            (action, one["Resource"])
            for one in policy["Statement"]
            if who in one["Principal"]["AWS"]
            for action in one["Action"]
        }
        for who in ("writer", "reader")
    }
    inside, itself = "arn:aws:s3:::lake/*", "arn:aws:s3:::lake"
    assert rights["reader"] == {
        ("s3:GetObject", inside), ("s3:ListBucket", itself), ("s3:GetBucketLocation", itself),
    }  # fmt: skip
    assert rights["writer"] > rights["reader"]
    assert not [action for action, _ in rights["writer"] if "Policy" in action or "*" in action]


def test_a_catalog_commits_and_reads_no_rows() -> None:
    policy = lake_policy("lake", ["writer"], ["reader"], ["catalog"])
    [its] = [one for one in policy["Statement"] if "catalog" in one["Principal"]["AWS"]]
    assert its["Principal"]["AWS"] == ["catalog"]
    assert its["Resource"] == "arn:aws:s3:::lake/*/metadata/*"
    assert set(its["Action"]) == {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}


@dataclass
class Store:
    """A store that answers what it is told to."""

    answers: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    port: int = 0


@pytest.fixture
def store() -> Iterator[Store]:
    made = Store()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            made.asked.append(f"{self.command} {self.path}")
            self.send_response(made.answers.get(self.command, 200))
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_HEAD = do_PUT = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


def client_of(store: Store) -> StoreClient:
    return StoreClient(f"http://127.0.0.1:{store.port}", "us-east-1", "id", SecretStr("hidden"))


def test_a_bucket_that_is_there_is_not_made_again(store: Store) -> None:
    assert client_of(store).ensure_bucket("lake") is False
    assert store.asked == ["HEAD /lake"]
    store.answers["HEAD"] = 404
    assert client_of(store).ensure_bucket("lake") is True
    assert store.asked[-1] == "PUT /lake"


def test_a_refusal_is_one_sentence_without_the_secret(store: Store) -> None:
    store.answers["PUT"] = 403
    with pytest.raises(StoreError, match=r"refuses PUT /lake \(HTTP 403\)") as refused:
        client_of(store).put_policy("lake", {})
    assert "hidden" not in f"{refused.value}{client_of(store)!r}"
    gone = StoreClient("http://127.0.0.1:9", "us-east-1", "id", SecretStr("hidden"))
    with pytest.raises(StoreError, match="ADLAKE_S3_ENDPOINT"):
        gone.ensure_bucket("lake")
