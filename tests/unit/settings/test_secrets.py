"""No text that is made of settings, configurations or errors holds a secret; children read it."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr

from adlake.cli.crash import written_down
from adlake.contracts.place import Place
from adlake.devstack.install.installation import Installation
from adlake.devstack.install.java import Jdk
from adlake.devstack.services.dashboard import Dashboard
from adlake.devstack.services.generator import Generator
from adlake.devstack.services.kafka import Kafka
from adlake.devstack.services.service import Service
from adlake.devstack.services.stream import Stream
from adlake.devstack.services.trino import Trino
from adlake.devstack.supervisor.process import PidFile
from adlake.devstack.supervisor.supervision import SupervisorService
from adlake.io.kafka.access import JAAS_FILE, client_arguments, spark_options
from adlake.provision.catalog import catalog_database
from adlake.provision.outside import kafka_access, object_store
from adlake.settings import CONCERNS, SECRETS, Settings, SettingsError
from adlake.wiring import application, replay
from adlake.wiring.application import application_config
from adlake.wiring.lake import lake_reader
from adlake.wiring.replay import replay_config
from adlake.wiring.spark import catalog_access

CANARY = "canary/Yellow@7"
OUTSIDE = {
    "ADLAKE_WAREHOUSE": "s3://lake/warehouse",
    "ADLAKE_S3_ACCESS_KEY_ID": "key",
    "ADLAKE_S3_READER_ACCESS_KEY_ID": "reader",
    "ADLAKE_KAFKA_BOOTSTRAP": "kafka.example:9096",
    "ADLAKE_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "ADLAKE_KAFKA_USER": "ads",
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A lake of which every part lies elsewhere, with every secret given."""
    secrets = dict.fromkeys(SECRETS, CANARY)
    return Settings({"ADLAKE_HOME": str(tmp_path / "home"), **OUTSIDE, **secrets})


def configurations(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Everything that carries a secret from the settings to the place where it is used."""
    place = Place(settings.paths.home, settings.paths.warehouse_uri)
    for room in (application, replay):
        monkeypatch.setattr(room, "lease_connect", lambda _settings: None)
    monkeypatch.setattr(replay, "refuse_unmade_home", lambda _settings: None)
    monkeypatch.setattr(application, "place_of", lambda _settings: place)
    for name in vars(settings):
        yield getattr(settings, name)
    yield settings
    yield kafka_access(settings)
    yield object_store(settings)
    yield catalog_database(settings)
    yield catalog_access(settings)
    yield lake_reader(settings)
    yield application_config(settings)
    yield replay_config(settings)


def texts_of(one: object) -> Iterator[str]:
    yield repr(one)
    yield str(one)
    yield f"{one!r} {one}"
    yield repr(vars(one))
    if dataclasses.is_dataclass(one):
        yield str(dataclasses.asdict(one))  # type: ignore[arg-type]
    if hasattr(one, "model_dump"):
        yield str(one.model_dump())
        yield one.model_dump_json()


def test_every_setting_whose_name_says_so_is_a_secret() -> None:
    words = ("PASSWORD", "SECRET", "TOKEN", "CREDENTIAL", "WEBHOOK", "API_KEY")
    names = {f"ADLAKE_{name.upper()}" for concern in CONCERNS for name in concern.model_fields}
    suspicious = {one for one in names if any(word in one for word in words)}
    assert {one for one in suspicious if not one.endswith("_FILE")} == SECRETS
    assert {f"{one}_FILE" for one in SECRETS} <= names


def test_no_text_made_of_settings_or_configurations_holds_a_secret(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = 0
    for one in configurations(settings, monkeypatch):
        for text in texts_of(one):
            assert CANARY not in text, type(one).__name__
            seen += "*****" in text
    assert seen > 20  # the secrets are there, hidden


def test_neither_logs_nor_the_crash_file_hold_a_secret(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("ADLAKE_HOME", str(settings.paths.home))
    logs = settings.paths.home / "logs"
    logs.mkdir(parents=True)
    for one in configurations(settings, monkeypatch):
        logging.getLogger("adlake").warning("%s %r", one, one)
        try:
            raise RuntimeError(f"cannot go on with {one}", one)
        except RuntimeError as error:
            written_down(error)
    assert "RuntimeError" in (logs / "errors.log").read_text()
    assert CANARY not in caplog.text + (logs / "errors.log").read_text()


def test_a_refused_setting_and_a_broken_line_do_not_show_their_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from adlake import settings as module

    file = tmp_path / ".env"
    monkeypatch.setattr(module, "SETTINGS_FILE", file)
    for line in (
        f"ADLAKE_S3_SECRET_KEY: {CANARY}", f"ADLAKE_KAFKA_PASSWORD {CANARY}",
        f"ADLAKE_KAFKA_PASSWORD='{CANARY}", f"ADLAKE_KAFKA_PASWORD={CANARY}",
    ):  # fmt: skip
        file.write_text(f"{line}\n")
        with pytest.raises(SettingsError, match=r"line 1: .*ADLAKE_") as refused:
            Settings()
        assert CANARY not in str(refused.value)
    given = {"ADLAKE_S3_SECRET_KEY": "x", "ADLAKE_S3_SECRET_KEY_FILE": "/nowhere"}
    with pytest.raises(SettingsError, match="both given: keep one of them"):
        Settings(given).s3_secret_key()


def test_a_child_of_ours_reads_the_secrets_whole(settings: Settings) -> None:
    child = Settings(settings.as_environment())
    for secret in (child.catalog_password(), child.kafka_password(), child.s3_secret_key()):
        assert secret is not None
        assert secret.get_secret_value() == CANARY
    assert child.as_environment() == settings.as_environment()


def test_what_is_written_down_of_the_settings_holds_no_secret(settings: Settings) -> None:
    written = settings.as_environment(with_secrets=False)
    assert not SECRETS & written.keys()
    assert settings.as_environment().keys() - written.keys() == SECRETS


def fake_services(settings: Settings) -> list[Service]:
    none = settings.paths.home / "none"
    installation = Installation(
        none, Jdk(none, 21, has_spark_module=True), none, none, none, none, none
    )
    kinds = (Kafka, Trino, Stream, Generator, Dashboard, SupervisorService)
    return [kind(settings, installation) for kind in kinds]


def test_only_programs_of_ours_get_secrets_and_none_is_in_an_argument_or_a_pid_file(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, dict[str, str]] = {}

    def start(
        command: list[str], *, environment: dict[str, str], log_file: Path, **_: object
    ) -> psutil.Process:
        assert CANARY not in " ".join(command)
        given[log_file.stem] = environment
        return psutil.Process()

    monkeypatch.setattr("adlake.devstack.supervisor.process.start_detached", start)
    monkeypatch.setattr("adlake.devstack.services.service.refuse_taken", lambda *_: None)
    monkeypatch.setattr("adlake.devstack.services.service.give_way", lambda *_: None)
    monkeypatch.setattr("adlake.devstack.supervisor.process.stop", lambda *_, **__: None)
    monkeypatch.setattr(Kafka, "prepare", lambda _self: None)
    for service in fake_services(settings):
        service._launch()
        assert CANARY not in service.pid_path.read_text(), service.name
        known = PidFile.read(service.pid_path)
        assert known is not None
        assert known.settings is not None
        is_ours = service.name not in {"kafka", "trino"}
        assert (given[service.name].keys() >= SECRETS) is is_ours, service.name


def test_no_file_of_trinos_holds_a_secret_and_its_environment_does(settings: Settings) -> None:
    trino = next(one for one in fake_services(settings) if one.name == "trino")
    trino.prepare()
    files = [one for one in (settings.paths.home / "trino").rglob("*") if one.is_file()]
    assert files
    assert not [one for one in files if CANARY in one.read_text()]
    assert list(trino.environment().values()).count(CANARY) == 2


def test_sparks_kafka_options_name_a_closed_file_that_holds_the_login(settings: Settings) -> None:
    access = dataclasses.replace(kafka_access(settings), password=SecretStr('a"b\\c'))
    folder = settings.paths.secrets_dir
    options = spark_options(access, folder)
    assert 'a"b' not in json.dumps(options)
    assert options["kafka.sasl.jaas.config"] == f"${{directory:{folder}:{JAAS_FILE}}}"
    file = folder / JAAS_FILE
    assert 'ScramLoginModule required username="ads" password="a\\"b\\\\c";' in file.read_text()
    assert (file.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    assert 'a"b\\c' in client_arguments(access).values()
    assert 'a"b' not in str(client_arguments(access))


def test_a_secret_file_is_read_without_its_end_of_line(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{CANARY} \n")
    given = {"ADLAKE_HOME": str(tmp_path), "ADLAKE_KAFKA_PASSWORD_FILE": str(file)}
    password = Settings(given).kafka_password()
    assert password is not None
    assert password.get_secret_value() == f"{CANARY} "
    for content, problem in (("\n", "is empty"), (b"\xff", "is not UTF-8"), (None, "cannot read")):
        file.unlink()
        if content is not None:
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(SettingsError, match=f"ADLAKE_KAFKA_PASSWORD_FILE: .*{problem}"):
            Settings(given).kafka_password()


def test_a_password_with_signs_of_an_address_reaches_the_database_whole(
    settings: Settings,
) -> None:
    from sqlalchemy import make_url

    url = make_url(lake_reader(settings).properties()["uri"])
    assert (url.password, url.host) == (CANARY, "127.0.0.1")
    assert os.fspath(settings.paths.home) not in str(url)
