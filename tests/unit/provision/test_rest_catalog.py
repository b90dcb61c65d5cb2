"""Catalog and control database are two things: a REST catalog lists tables, Postgres the rest."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from adlake.contracts.place import LakePlaceError, NoLakeYetError
from adlake.devstack import doctor
from adlake.devstack.backup import backup
from adlake.devstack.doctor import Verdict
from adlake.devstack.home import bind_home, refuse_unmade_home
from adlake.devstack.install.installation import Installation
from adlake.devstack.install.java import Jdk
from adlake.devstack.services.trino import Trino
from adlake.io.iceberg.reader import LakeReader
from adlake.io.iceberg.rest_catalog import RestCatalog, RestCatalogError
from adlake.io.outages import outage_in
from adlake.io.spark.session import CatalogAccess, connect_catalog
from adlake.provision.catalog import catalog_database
from adlake.provision.outside import rest_catalog
from adlake.settings import Settings, SettingsError
from adlake.wiring.lake import lake_reader
from adlake.wiring.spark import catalog_access

REST = {
    "ADLAKE_CATALOG_TYPE": "rest",
    "ADLAKE_CATALOG_URI": "http://catalog.example:8181/api",
    "ADLAKE_CATALOG_WAREHOUSE": "ads",
    "ADLAKE_CATALOG_TOKEN": "canary",
    "ADLAKE_CATALOG_CREDENTIAL": "canary:canary",
    "ADLAKE_CATALOG_OAUTH_URI": "http://login.example/token",
    "ADLAKE_CATALOG_SCOPE": "lake",
    "ADLAKE_POSTGRES_PASSWORD": "canary",
    "ADLAKE_POSTGRES_PORT": "5999",
}
ELSEWHERE = {"ADLAKE_CONTROL_URI": "postgresql://db.example:5433/control"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings({"ADLAKE_HOME": str(tmp_path / "home"), **REST})


class FakeSession:
    """Takes what Spark's session is told."""

    def __init__(self) -> None:
        self.conf = self
        self.told: dict[str, str] = {}

    def set(self, name: str, value: str) -> None:
        self.told[name.removeprefix("spark.sql.catalog.lakehouse").removeprefix(".")] = value


def test_nothing_takes_the_rest_catalog_for_a_postgres(settings: Settings) -> None:
    database = catalog_database(settings)
    assert (database.host, database.port, database.database) == ("127.0.0.1", 5999, "lakehouse")
    other = Settings(settings.as_environment() | ELSEWHERE)
    database = catalog_database(other)
    assert (database.host, database.port, database.database) == ("db.example", 5433, "control")
    assert (catalog_access(other).uri, lake_reader(other).jdbc_uri) == ("", "")


def test_the_jdbc_catalog_is_the_control_database_whatever_way_it_is_given() -> None:
    for given, control in (
        ({}, "postgresql://127.0.0.1:5442/lakehouse"),
        ({"ADLAKE_CATALOG_URI": "jdbc:postgresql://db:1/x"}, "postgresql://db:1/x"),
        ({"ADLAKE_POSTGRES_HOST": "db"}, "postgresql://db:5442/lakehouse"),
    ):
        assert Settings(given).control_uri == control
        assert Settings(given | {"ADLAKE_CONTROL_URI": control}).control_uri == control


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (REST | {"ADLAKE_CATALOG_URI": "jdbc:postgresql://db/x"}, "wants ADLAKE_CATALOG_URI=http"),
        ({"ADLAKE_CATALOG_URI": "http://x"}, "set ADLAKE_CATALOG_TYPE=rest too"),
        (ELSEWHERE, "fence of its tables works only inside one database"),
        (REST | {"ADLAKE_CONTROL_URI": "mysql://db/x"}, "ADLAKE_CONTROL_URI is no postgresql:"),
        (REST | {"ADLAKE_CONTROL_URI": "postgresql://me:canary@db/x"}, "take no user or password"),
        ({"ADLAKE_CATALOG_URI": "jdbc:postgresql://me:canary@db/x"}, "take no user or password"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(given: dict[str, str], problem: str) -> None:
    with pytest.raises(SettingsError, match=problem) as refused:
        Settings(given)
    assert "canary" not in str(refused.value)


def test_a_rest_catalog_without_an_address_is_the_one_on_host_and_port() -> None:
    given = {"ADLAKE_CATALOG_TYPE": "rest"}
    elsewhere = {"ADLAKE_REST_HOST": "rest-catalog", "ADLAKE_REST_PORT": "8182"}
    assert Settings(given).rest_catalog_uri == "http://127.0.0.1:8181"
    found = rest_catalog(Settings(given | elsewhere))
    assert found is not None
    assert found.uri == "http://rest-catalog:8182"
    assert rest_catalog(Settings(elsewhere)) is None


def test_spark_is_told_the_catalog_its_login_and_no_database(settings: Settings) -> None:
    session: Any = FakeSession()
    connect_catalog(session, catalog_access(settings))
    assert session.told == {
        "": "org.apache.iceberg.spark.SparkCatalog", "type": "rest", "cache-enabled": "false",
        "uri": "http://catalog.example:8181/api", "warehouse": "ads", "token": "canary",
        "credential": "canary:canary", "oauth2-server-uri": "http://login.example/token",
        "scope": "lake",
    }  # fmt: skip


def test_pyiceberg_is_told_the_same(settings: Settings) -> None:
    assert lake_reader(settings).properties() == {
        "uri": "http://catalog.example:8181/api", "warehouse": "ads", "token": "canary",
        "credential": "canary:canary", "oauth2-server-uri": "http://login.example/token",
        "scope": "lake",
    }  # fmt: skip


def test_trino_is_told_the_same_and_reads_the_login_from_its_environment(
    settings: Settings,
) -> None:
    none = settings.paths.home / "none"
    jdk = Jdk(none, 21, has_spark_module=True)
    trino = Trino(settings, Installation(none, jdk, none, none, none, none, none))
    trino.prepare()
    file = settings.paths.home / "trino" / "etc" / "catalog" / "lakehouse.properties"
    assert set(file.read_text().splitlines()) >= {
        "iceberg.catalog.type=rest", "iceberg.rest-catalog.uri=http://catalog.example:8181/api",
        "iceberg.rest-catalog.warehouse=ads", "iceberg.rest-catalog.security=OAUTH2",
        "iceberg.rest-catalog.oauth2.token=${ENV:LAKEHOUSE_CATALOG_TOKEN}",
        "iceberg.rest-catalog.oauth2.credential=${ENV:LAKEHOUSE_CATALOG_CREDENTIAL}",
        "iceberg.rest-catalog.oauth2.server-uri=http://login.example/token",
        "iceberg.rest-catalog.oauth2.scope=lake", "iceberg.security=READ_ONLY",
    }  # fmt: skip
    given = trino.environment()
    assert given["LAKEHOUSE_CATALOG_TOKEN"] == "canary"  # noqa: S105
    assert "LAKEHOUSE_CATALOG_PASSWORD" not in given


def test_an_open_catalog_gets_no_login(tmp_path: Path) -> None:
    given = {"ADLAKE_CATALOG_TYPE": "rest", "ADLAKE_CATALOG_URI": "http://x"}
    catalog = RestCatalog("http://x", "file:/w")
    assert catalog.properties() == {"uri": "http://x", "warehouse": "file:/w"}
    assert list(catalog.trino_properties()) == [
        "iceberg.rest-catalog.uri", "iceberg.rest-catalog.warehouse",
    ]  # fmt: skip
    assert catalog.trino_environment() == {}
    settings = Settings(given | {"ADLAKE_HOME": str(tmp_path), "ADLAKE_POSTGRES_PASSWORD": "x"})
    rest = catalog_access(settings).rest
    assert rest == RestCatalog("http://x", f"file://{tmp_path}/warehouse")


def test_only_the_jdbc_catalog_has_the_fence_and_doctor_says_so(settings: Settings) -> None:
    assert not catalog_access(settings).has_fence
    assert CatalogAccess("jdbc", "", "", SecretStr(""), "").has_fence
    [finding] = doctor.catalog_findings(settings)
    assert finding.verdict is Verdict.WARNING
    assert "no fence" in finding.detail
    assert list(doctor.catalog_findings(Settings({}))) == []


def test_a_driver_on_a_catalog_without_a_fence_says_so_and_takes_no_lease_by_time(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from types import SimpleNamespace

    from adlake.streaming import application

    asked: list[bool] = []

    class EnoughError(Exception):
        pass

    def acquire(_connect: object, _name: str, _ttl: float, *, is_fenced: bool) -> None:
        asked.append(is_fenced)
        raise EnoughError

    monkeypatch.setattr(application, "acquire", acquire)
    for kind in ("rest", "jdbc"):
        config: Any = SimpleNamespace(
            ready_file=settings.paths.home / "ready", lease_connect=None, lease_ttl_seconds=1.0,
            catalog=CatalogAccess(kind, "", "", SecretStr(""), ""),
        )  # fmt: skip
        with pytest.raises(EnoughError):
            application.run_application(config)
    assert asked == [False, True]


def test_a_lake_of_a_rest_catalog_is_not_backed_up_as_if_it_were_whole(
    settings: Settings, tmp_path: Path
) -> None:
    bind_home(settings.paths.home.resolve())
    with pytest.raises(LakePlaceError, match=r"listed by the REST catalog at http://catalog\."):
        backup(settings, tmp_path / "x.tar", print)


def test_a_home_is_wanted_where_the_control_database_is_in_it(settings: Settings) -> None:
    with pytest.raises(NoLakeYetError):
        refuse_unmade_home(settings)
    refuse_unmade_home(Settings(settings.as_environment() | ELSEWHERE))


@contextmanager
def answering(status: int) -> Iterator[str]:
    """A server that answers every request so."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            message = b'{"error": {"message": "no", "type": "T", "code": 1}}'
            self.wfile.write(message)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def reader(uri: str) -> LakeReader:
    rest = RestCatalog(uri, "ads", token=SecretStr("canary"))
    return LakeReader("", "", SecretStr(""), "file:/w", rest)


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "refuses the login: check ADLAKE_CATALOG_TOKEN_FILE"),
        (403, "refuses the login: check ADLAKE_CATALOG_TOKEN_FILE"),
        (503, "does not answer at http"),
    ],
)
def test_what_the_rest_catalog_refuses_is_one_sentence(status: int, sentence: str) -> None:
    with answering(status) as uri, pytest.raises(RestCatalogError, match=sentence) as refused:
        reader(uri).table("gold.x")
    assert "\n" not in str(refused.value)
    assert "canary" not in str(refused.value)


def test_a_rest_catalog_that_is_away_is_one_sentence() -> None:
    with pytest.raises(RestCatalogError, match=r"does not answer at http://127\.0\.0\.1:1 "):
        reader("http://127.0.0.1:1").table("gold.x")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "Caused by: org.apache.iceberg.exceptions.NotAuthorizedException: Not authorized: x",
            "the REST catalog at ADLAKE_CATALOG_URI refuses the login",
        ),
        (
            "org.apache.iceberg.exceptions.RESTException: Error occurred while processing GET",
            "the REST catalog does not answer (RESTException: Error occurred",
        ),
        (
            "org.apache.iceberg.exceptions.ServiceUnavailableException: Service unavailable",
            "the REST catalog does not answer (ServiceUnavailableException",
        ),
    ],
)
def test_what_spark_says_of_it_is_one_sentence(text: str, sentence: str) -> None:
    assert (outage_in(text) or "").startswith(sentence)
