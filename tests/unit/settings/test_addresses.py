"""Servers are addresses: what is not where ours listen is neither started nor stopped here."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adlake.contracts.address import Address, parse_addresses
from adlake.contracts.place import LakePlaceError
from adlake.devstack import doctor, status
from adlake.devstack.adopt import adopt
from adlake.devstack.backup import backup, restore
from adlake.devstack.doctor import Verdict
from adlake.devstack.errors import DevstackError
from adlake.devstack.install.installation import Installation
from adlake.devstack.install.java import Jdk
from adlake.devstack.services.kafka import Kafka
from adlake.devstack.services.ports import private_environment
from adlake.devstack.services.postgres import Postgres
from adlake.devstack.services.service import Service
from adlake.devstack.services.trino import Trino
from adlake.devstack.stack import Stack
from adlake.devstack.welcome import welcome
from adlake.environment import FIXED
from adlake.io.iceberg.object_store import ObjectStoreError
from adlake.provision.catalog import OWNER_FILE, catalog_database
from adlake.provision.outside import kafka_access, object_store
from adlake.settings import Settings, SettingsError
from adlake.wiring import spark as wiring_of_spark
from adlake.wiring.lake import lake_reader
from adlake.wiring.spark import catalog_access, choose_jdk

FAR = {
    "ADLAKE_KAFKA_BOOTSTRAP": "kafka.example:9096,other.example:9096",
    "ADLAKE_POSTGRES_HOST": "db.example",
    "ADLAKE_TRINO_HOST": "trino.example",
    "ADLAKE_POSTGRES_PASSWORD": "x",
}
S3 = {
    "ADLAKE_WAREHOUSE": "s3://lake/warehouse",
    "ADLAKE_S3_ENDPOINT": "http://store.example:9000",
    "ADLAKE_S3_REGION": "eu-1",
    "ADLAKE_S3_ACCESS_KEY_ID": "id",
    "ADLAKE_S3_SECRET_KEY": "hidden",
    "ADLAKE_POSTGRES_PASSWORD": "x",
}


def settings_of(home: Path, **given: str) -> Settings:
    return Settings(private_environment(home) | given)


@pytest.fixture
def far(tmp_path: Path) -> Settings:
    """Every server is on another machine, where nobody answers."""
    return settings_of(tmp_path / "home", **FAR)


@pytest.fixture
def near(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Every server is at an address of others, where somebody listens."""
    with socket.create_server(("127.0.0.2", 0)) as server:
        port = str(server.getsockname()[1])
        monkeypatch.setattr(Trino, "is_ready", lambda _self: True)
        yield settings_of(
            tmp_path / "home",
            ADLAKE_KAFKA_BOOTSTRAP=f"127.0.0.2:{port}", ADLAKE_POSTGRES_HOST="127.0.0.2",
            ADLAKE_POSTGRES_PORT=port, ADLAKE_TRINO_HOST="127.0.0.2",
        )  # fmt: skip


def test_a_host_without_its_setting_is_this_machine() -> None:
    settings = Settings({"ADLAKE_TRINO_PORT": "1", "ADLAKE_POSTGRES_PORT": "2"})
    addresses = (str(settings.trino_address), str(settings.postgres_address))
    assert addresses == ("127.0.0.1:1", "127.0.0.1:2")
    assert settings.bootstrap_servers == "127.0.0.1:9092"
    assert settings.catalog_jdbc_uri == "jdbc:postgresql://127.0.0.1:2/lakehouse"


def test_every_client_is_sent_to_the_given_host(
    far: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert str(kafka_access(far)) == FAR["ADLAKE_KAFKA_BOOTSTRAP"]
    assert catalog_database(far).host == "db.example"
    assert "db.example" in catalog_access(far).uri
    assert "@db.example:" in lake_reader(far).properties()["uri"]
    asked: list[str] = []

    def connect(port: int, host: str) -> None:
        asked.append(f"{host}:{port}")
        raise StopIteration

    from typer.testing import CliRunner

    from adlake.cli import app

    monkeypatch.setattr("adlake.io.trino.client.connect", connect)
    monkeypatch.setattr("adlake.devstack.lake_place.refuse_wrong_place", lambda _settings: None)
    for name, value in far.as_environment().items():
        monkeypatch.setenv(name, value)
    for command in (["sql", "SELECT 1"], ["query", "roas"]):
        CliRunner().invoke(app, command)
    assert asked == [str(far.trino_address)] * 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ADLAKE_TRINO_HOST", ""), ("ADLAKE_TRINO_HOST", "trino:8080"),
        ("ADLAKE_POSTGRES_HOST", "http://db"), ("ADLAKE_POSTGRES_HOST", "me@db"),
        ("ADLAKE_KAFKA_BOOTSTRAP", "kafka"), ("ADLAKE_KAFKA_BOOTSTRAP", "a:1,,b:2"),
        ("ADLAKE_KAFKA_BOOTSTRAP", "a:0"), ("ADLAKE_KAFKA_BOOTSTRAP", "a:99999"),
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}="):
        Settings({name: value})


def test_addresses_are_read_with_ipv6() -> None:
    assert parse_addresses("a:1, [::1]:2") == [Address("a", 1), Address("::1", 2)]
    assert str(Address("::1", 2)) == "[::1]:2"
    assert [Address(one, 1).is_own for one in ("127.0.0.1", "localhost", "::1", "a")] == [
        True, True, False, False,
    ]  # fmt: skip


def test_a_broker_with_a_login_is_never_the_one_that_is_started_here(tmp_path: Path) -> None:
    login = {
        "ADLAKE_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT", "ADLAKE_KAFKA_USER": "u",
        "ADLAKE_KAFKA_PASSWORD": "p",
    }  # fmt: skip
    near = {"ADLAKE_KAFKA_BOOTSTRAP": "localhost:9092"}
    assert Settings(near).has_own_kafka
    assert not Settings(near | login).has_own_kafka
    assert Kafka(settings_of(tmp_path, **near, **login)).elsewhere() == "localhost:9092"


def forbidden(*_: object, **__: object) -> None:
    raise AssertionError("a server of others was started or stopped")


def test_servers_of_others_are_joined_and_never_started(
    near: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    updated: list[str] = []
    for kind in (Kafka, Postgres, Trino):
        monkeypatch.setattr(kind, "_launch", forbidden)
        monkeypatch.setattr(kind, "after_ready", lambda self: updated.append(self.name))
    monkeypatch.setattr("adlake.devstack.stack.refuse_unfit", lambda _settings: None)
    installation = Installation(*[near.paths.home] * 7)  # type: ignore[arg-type]
    Stack(near, lines.append, installation).up(["kafka", "postgres", "trino"])
    assert sorted(updated) == ["kafka", "postgres", "trino"]
    assert sum("others run it" in line for line in lines) == 3


def test_a_server_of_others_that_does_not_answer_is_named_with_its_setting(
    far: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adlake.devstack.services.kafka.answers", lambda _address: False)
    kafka = Kafka(far)
    with pytest.raises(DevstackError, match=r"kafka at kafka\.example:9096.* answer") as refused:
        kafka.join(patience_seconds=0)
    assert "does not answer. It is not started from here" in str(refused.value)
    assert "change ADLAKE_KAFKA_BOOTSTRAP" in str(refused.value)


def test_down_leaves_servers_of_others_and_says_so(near: Settings) -> None:
    lines: list[str] = []
    stack = Stack(near, lines.append)
    near.paths.home.mkdir()
    stack.down(["kafka"])
    assert lines == [f"  kafka        left: others run it at {near.bootstrap_servers}"]


def test_status_doctor_and_the_last_words_of_up_name_the_place(near: Settings) -> None:
    stack = Stack(near)
    rows = {row.service: row for row in map(status.status_of, stack.services())}
    for name in ("kafka", "postgres", "trino"):
        assert rows[name].state == "ready"
        assert rows[name].pid is None
        assert "others run it at 127.0.0.2:" in rows[name].note
        assert "never started or stopped from here" in status.as_table(list(rows.values()))
    found = {one.subject: one for one in doctor.port_findings(near)}
    assert found["kafka"].verdict is Verdict.OK
    assert f"http://{near.trino_address}" in welcome(stack)


def test_status_and_doctor_see_that_nobody_answers_there(
    far: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("kafka", "postgres"):
        monkeypatch.setattr(f"adlake.devstack.services.{module}.answers", lambda _address: False)
    monkeypatch.setattr(Trino, "is_ready", lambda _self: False)
    rows = [status.status_of(service) for service in Stack(far).services()]
    assert not status.all_wanted_ready(rows)
    found = {one.subject: one for one in doctor.port_findings(far)}
    assert {found[name].verdict for name in ("kafka", "postgres", "trino")} == {Verdict.BLOCKS}
    assert "ADLAKE_POSTGRES_HOST" in found["postgres"].remedy


def test_a_database_elsewhere_is_not_backed_up_or_moved_with_the_home(
    far: Settings, tmp_path: Path
) -> None:
    for act in (
        lambda: backup(far, tmp_path / "x.tar", print),
        lambda: restore(far, tmp_path / "x.tar", print),
    ):
        with pytest.raises(LakePlaceError, match=r"the catalog database is at db\.example"):
            act()
    from adlake.devstack.home import bind_home

    bind_home(far.paths.home.resolve())
    with pytest.raises(LakePlaceError, match=r"the catalog database is at db\.example"):
        adopt(far, print)


@pytest.mark.parametrize("has_owner", [True, False])
def test_a_database_elsewhere_is_migrated_by_its_owner_where_one_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_owner: bool
) -> None:
    migrated: list[tuple[str, str]] = []
    monkeypatch.setattr("adlake.streaming.place.check_place", lambda *_: None)
    monkeypatch.setattr(
        "adlake.io.postgres.migrations.apply_migrations",
        lambda one, writer: migrated.append((one.user, writer)),
    )
    there = {"ADLAKE_POSTGRES_HOST": "db.example", "ADLAKE_POSTGRES_PASSWORD": "w"}
    settings = settings_of(tmp_path, **there)
    if has_owner:
        settings.paths.secrets_dir.mkdir()
        (settings.paths.secrets_dir / OWNER_FILE).write_text("o")
    nothing: Any = None
    Postgres(settings, nothing).after_ready()
    assert migrated == [("adlake_owner" if has_owner else "adlake", "adlake")]


def test_a_database_elsewhere_wants_its_password(tmp_path: Path) -> None:
    settings = Settings({"ADLAKE_HOME": str(tmp_path), "ADLAKE_POSTGRES_HOST": "db.example"})
    with pytest.raises(SettingsError, match="ADLAKE_POSTGRES_PASSWORD_FILE"):
        settings.catalog_password()


def test_nuke_names_what_it_leaves_with_others(near: Settings) -> None:
    from adlake.devstack.home import bind_home

    lines: list[str] = []
    bind_home(near.paths.home.resolve())
    Stack(near, lines.append).nuke()
    left = [line for line in lines if line.startswith("left: what this lake has in")]
    assert [line.split()[6] for line in left] == ["postgres", "kafka", "trino"]


def test_the_topic_of_a_broker_of_others_keeps_its_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from contextlib import nullcontext

    from adlake.io.kafka import admin as topics

    class Admin:
        changed = 0

        def create_topics(self, *_: object, **__: object) -> None:
            from kafka.errors import TopicAlreadyExistsError

            raise TopicAlreadyExistsError

        def describe_topics(self, _names: object) -> list[dict[str, Any]]:
            return [{"partitions": [1, 2, 3, 4]}]

        def alter_configs(self, _resources: object) -> None:
            Admin.changed += 1

    monkeypatch.setattr(topics, "_admin", lambda _brokers: nullcontext(Admin()))
    assert topics.ensure_topic("a:1", Settings({}).kafka, is_own=False) is False
    assert Admin.changed == 0
    topics.ensure_topic("a:1", Settings({}).kafka)
    assert Admin.changed == 1


def test_sparks_driver_has_a_name_and_an_address_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"ADLAKE_SPARK_DRIVER_HOST": "driver", "ADLAKE_SPARK_BIND_ADDRESS": "0.0.0.0"}  # noqa: S104
    settings = settings_of(tmp_path / "home", **given)
    monkeypatch.setattr(
        wiring_of_spark, "spark_jdk", lambda: Jdk(tmp_path, 21, has_spark_module=True)
    )
    with monkeypatch.context() as patched:
        patched.setattr("os.environ", dict(FIXED))
        import os

        choose_jdk(settings)
        assert os.environ["SPARK_LOCAL_IP"] == "0.0.0.0"  # noqa: S104
        assert os.environ["SPARK_LOCAL_HOSTNAME"] == "driver"


def test_the_three_readers_reach_the_object_store_alike(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, **S3)
    store = object_store(settings)
    assert store is not None
    assert store.spark_properties() == {
        "io-impl": "org.apache.iceberg.aws.s3.S3FileIO", "client.region": "eu-1",
        "s3.path-style-access": "true", "s3.endpoint": "http://store.example:9000",
        "s3.access-key-id": "id", "s3.secret-access-key": "hidden",
    }  # fmt: skip
    assert lake_reader(settings).properties().items() >= {
        "s3.region": "eu-1", "s3.force-virtual-addressing": "false",
        "s3.endpoint": "http://store.example:9000", "s3.access-key-id": "id",
        "s3.secret-access-key": "hidden", "warehouse": "s3://lake/warehouse",
    }.items()  # fmt: skip
    assert catalog_access(settings).object_store == store
    lines = trino_catalog(settings)
    assert set(lines) >= {
        "fs.native-s3.enabled=true", "s3.region=eu-1", "s3.path-style-access=true",
        "s3.endpoint=http://store.example:9000", "s3.aws-access-key=id",
        "s3.aws-secret-key=${ENV:LAKEHOUSE_S3_SECRET_KEY}",
    }  # fmt: skip
    assert "fs.native-local.enabled=true" not in lines


def test_a_warehouse_of_files_needs_no_object_store(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, ADLAKE_S3_ACCESS_KEY_ID="half a key")
    assert object_store(settings) is None
    assert {"fs.native-local.enabled=true", "local.location=/"} <= set(trino_catalog(settings))


def test_a_store_without_a_key_takes_what_the_machine_offers_and_half_a_key_is_refused(
    tmp_path: Path,
) -> None:
    keyless = S3 | {"ADLAKE_S3_ACCESS_KEY_ID": "", "ADLAKE_S3_SECRET_KEY": ""}
    keyless |= {"ADLAKE_S3_PATH_STYLE": "false", "ADLAKE_S3_ENDPOINT": ""}
    store = object_store(settings_of(tmp_path, **keyless))
    assert store is not None
    assert store.pyiceberg_properties() == {
        "s3.region": "eu-1", "s3.force-virtual-addressing": "true",
    }  # fmt: skip
    with pytest.raises(ObjectStoreError, match="half a key"):
        object_store(settings_of(tmp_path, **S3 | {"ADLAKE_S3_SECRET_KEY": ""}))


def trino_catalog(settings: Settings) -> list[str]:
    none = settings.paths.home / "none"
    jdk = Jdk(none, 21, has_spark_module=True)
    service: Service = Trino(settings, Installation(none, jdk, none, none, none, none, none))
    service.prepare()
    file = settings.paths.home / "trino" / "etc" / "catalog" / "lakehouse.properties"
    return file.read_text().splitlines()
