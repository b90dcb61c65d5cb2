"""The way into a Metabase: what is waited for, refused by name, and never said aloud."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator

import pytest
from pydantic import SecretStr

from adlake.io.metabase import client as client_module
from adlake.io.metabase.client import (
    MetabaseClient,
    MetabaseError,
    MetabaseLoginError,
    MetabaseUnreachableError,
)
from adlake.metabase import entry
from adlake.metabase.entry import (
    Login,
    MetabaseDatabaseError,
    MetabaseVersionError,
    enter,
    refuse_old_version,
)
from tests.fixtures.metabase.double import MetabaseDouble, Refusal, running

PASSWORD = "canary/Yellow@7"  # noqa: S105 - looked for in everything that is said


@pytest.fixture
def double() -> MetabaseDouble:
    return MetabaseDouble(password=PASSWORD)


@pytest.fixture
def url(double: MetabaseDouble, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(entry, "POLL_SECONDS", 0.01)
    with running(double) as address:
        yield address


def entered(
    url: str, password: str = PASSWORD, patience: float = 5, say: Callable[[str], None] = print
) -> None:
    enter(MetabaseClient(url), Login("admin@example.com", SecretStr(password)), patience, say)


def test_a_start_is_waited_for_and_shown(double: MetabaseDouble, url: str) -> None:
    for share in (0.2, 0.2, 0.9):
        double.starting.append(Refusal(503, {"status": "initializing", "progress": share}))
    said: list[str] = []
    entered(url, say=said.append)
    assert said == [
        f"waiting for Metabase at {url}: it is starting; 20% done",
        f"waiting for Metabase at {url}: it is starting; 90% done",
    ]


def test_one_that_is_never_healthy_is_said_to_be(double: MetabaseDouble, url: str) -> None:
    double.starting += [Refusal(503, {"status": "initializing", "progress": 0.1})] * 500
    with pytest.raises(MetabaseUnreachableError, match=r"not healthy after 0\.1 s .*starting.*log"):
        entered(url, patience=0.1)


def test_one_that_is_away_is_waited_for_too() -> None:
    with pytest.raises(MetabaseUnreachableError, match=r"not healthy after 0 s .*not answer yet"):
        entered("http://127.0.0.1:1", patience=0)


def test_the_first_run_makes_the_user_once(double: MetabaseDouble, url: str) -> None:
    double.is_set_up, double.user, double.password = False, "nobody@example.com", "other"
    entered(url)
    assert (double.user, double.password) == ("admin@example.com", PASSWORD)
    double.asked.clear()
    entered(url)
    assert ("POST", "/api/setup") not in double.asked


def test_a_password_that_the_first_run_does_not_take_is_explained(
    double: MetabaseDouble, url: str
) -> None:
    double.is_set_up = False
    with pytest.raises(MetabaseError, match=r"refuses POST /api/setup \(400\).*too common"):
        entered(url, password="secret")  # noqa: S106
    assert not double.is_set_up


def test_a_wrong_password_names_the_settings_and_not_itself(
    double: MetabaseDouble, url: str
) -> None:
    double.password = "another"  # noqa: S105
    with pytest.raises(MetabaseLoginError) as caught:
        entered(url)
    assert "does not know admin@example.com with this password" in str(caught.value)
    assert "ADLAKE_METABASE_PASSWORD_FILE" in str(caught.value)
    assert PASSWORD not in str(caught.value)


def test_the_password_is_in_no_address_log_or_sentence(
    double: MetabaseDouble, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    entered(url, say=said.append)
    login = Login("admin@example.com", SecretStr(PASSWORD))
    for text in (*said, *double.seen, caplog.text, repr(login), str(login)):
        assert PASSWORD not in text


@pytest.mark.parametrize("tag", ["v0.65.3", "v1.65.3", "v0.65.10-rc1", "v0.66.0", "v1.70.1.2"])
def test_versions_from_the_patched_one_on_are_taken(tag: str) -> None:
    refuse_old_version({"version": {"tag": tag}})


@pytest.mark.parametrize("tag", ["v0.65.2", "v0.65", "v1.64.9", "v0.9.99", "v0.50.1"])
def test_older_versions_are_refused_by_name(tag: str) -> None:
    with pytest.raises(
        MetabaseVersionError, match=rf"is {tag}, .* before 0\.65\.3 .*CVE-2026-103928"
    ):
        refuse_old_version({"version": {"tag": tag}})


@pytest.mark.parametrize("version", [None, {}, {"tag": "vLOCAL_DEV"}, {"tag": "v2.66.1"}])
def test_a_version_that_is_no_number_is_refused(version: object) -> None:
    with pytest.raises(MetabaseVersionError, match=r"calls its version .* 0\.65\.3 or newer"):
        refuse_old_version({"version": version})


def test_an_old_metabase_never_hears_the_password(double: MetabaseDouble, url: str) -> None:
    double.version = "v0.65.2"
    with pytest.raises(MetabaseVersionError):
        entered(url)
    assert {method for method, _ in double.asked} == {"GET"}


def test_h2_is_refused_as_its_own_database_and_as_any_other(
    double: MetabaseDouble, url: str
) -> None:
    double.add("database", name="Sample Database", engine="h2", details={})
    with pytest.raises(MetabaseDatabaseError, match=r"'Sample Database'.*MB_LOAD_SAMPLE_CONTENT"):
        entered(url)
    double.application_database = "h2"
    with pytest.raises(MetabaseDatabaseError, match="MB_DB_TYPE=postgres"):
        entered(url)


@pytest.mark.parametrize(
    ("path", "answer", "sentence"),
    [
        ("/api/session/properties", b"<html>", "answers no JSON: ADLAKE_METABASE_URL is not"),
        ("/api/session/properties", b"[1]", "Metabase answered no properties"),
        ("/api/session", b"{}", "Metabase answered no session"),
        ("/api/session", b'{"id": 7}', "Metabase answered no session"),
        ("/api/session", b"[]", "POST /api/session: Metabase answered no object"),
        ("/api/bug-reporting/details", b"null", "Metabase answered no details of itself"),
        ("/api/database", b'{"data": [1]}', "Metabase answered no list of databases"),
        ("/api/database", b'{"data": {}}', "Metabase answered no list of databases"),
    ],
)
def test_a_wrong_answer_is_a_sentence(
    double: MetabaseDouble, url: str, path: str, answer: bytes, sentence: str
) -> None:
    double.broken = lambda _method, asked: answer if asked == path else None
    with pytest.raises(MetabaseError, match=sentence.replace("[", r"\[")):
        entered(url)


def test_a_redirect_is_named_and_not_followed(double: MetabaseDouble, url: str) -> None:
    def moved(_method: str, _path: str) -> None:
        raise Refusal(302, "https://elsewhere.example/api")

    double.broken = moved
    server = MetabaseClient(url)
    server.log_in("session")
    with pytest.raises(MetabaseUnreachableError, match=r"on to https://elsewhere\.example/api"):
        server.get("/api/card", f="all")


def test_a_server_that_hangs_is_away(double: MetabaseDouble, url: str) -> None:
    go_on = threading.Event()

    def slow(_method: str, _path: str) -> None:
        go_on.wait(10)

    double.broken = slow
    with pytest.raises(MetabaseUnreachableError, match=r"does not answer \(timed out\)"):
        MetabaseClient(url, timeout_seconds=0.1).get("/api/health")
    go_on.set()
    assert client_module.TIMEOUT_SECONDS < 120


def test_a_session_that_ended_is_a_refusal_of_the_login(double: MetabaseDouble, url: str) -> None:
    server = MetabaseClient(url)
    server.log_in("old")
    with pytest.raises(MetabaseLoginError, match=r"GET /api/card\?f=all \(401\): Unauthenticated"):
        server.get("/api/card", f="all")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("Not found.", "Not found."),
        ("", "no reason given"),
        ("<html>\n<b>x</b>\n", "<html> <b>x</b>"),
        ({"errors": {"name": "too long", "x": ["a"]}}, 'name: too long; x: ["a"]'),
        ({"specific-errors": {"name": ["bad"]}, "errors": {"name": "n"}}, 'name: ["bad"]'),
        ({"message": "Timeout", "cause": "Timeout", "error": "e"}, "Timeout; e"),
        ({"a": 1}, "no reason given"),
        ("x" * 400, "x" * 300 + "..."),
    ],
)
def test_refusals_of_many_forms_are_one_line(
    double: MetabaseDouble, url: str, body: dict[str, object] | str, said: str
) -> None:
    def refusing(_method: str, _path: str) -> None:
        raise Refusal(400, body)

    double.broken = refusing
    with pytest.raises(MetabaseError) as caught:
        MetabaseClient(url).post("/api/card", {})
    assert str(caught.value) == f"Metabase refuses POST /api/card (400): {said}"
