"""Typed settings, one class per concern; the only reader of the environment.

Every setting is an environment variable with the prefix `ADLAKE_` (or a line of `.env` in the
checkout; the environment wins). Unknown `ADLAKE_` names are refused in both, so a misspelt
setting never passes quietly. Settings are read in `cli` and passed on as arguments.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, SecretStr, ValidationError

from adlake.contracts.address import LOOPBACK, Address, parse_addresses
from adlake.environment import cache_folder
from adlake.folders import REPO_ROOT as REPO_ROOT
from adlake.settings.api import ApiSettings
from adlake.settings.containers import ContainerSettings
from adlake.settings.file import SettingsError as SettingsError
from adlake.settings.file import read_settings_file
from adlake.settings.metabase import MetabaseSettings
from adlake.settings.notifications import NotificationSettings
from adlake.settings.outside import (
    CatalogSettings,
    Concern,
    Folder,
    MonitoringSettings,
    ObjectStoreSettings,
    PortSettings,
    read_secret,
    refuse_misfits,
    secret_of,
)
from adlake.settings.outside import KafkaSettings as KafkaSettings
from adlake.settings.stream import StreamSettings

PREFIX = "ADLAKE_"
SETTINGS_FILE = REPO_ROOT / ".env"


class PathSettings(Concern):
    """Where state and downloads live."""

    home: Folder = Field(REPO_ROOT / ".runtime", description="state of this lake: data, logs, pids")
    cache: Folder = Field(
        default_factory=lambda: cache_folder(REPO_ROOT),
        description="downloads, shared by all checkouts",
    )
    warehouse: str = Field("", description="warehouse URI; empty: file://$ADLAKE_HOME/warehouse")

    @property
    def warehouse_uri(self) -> str:
        """Root URI of all table files."""
        return self.warehouse or f"file://{self.home.resolve()}/warehouse"

    @property
    def checkpoint_dir(self) -> Path:
        """Checkpoints of the streaming application, one folder a pipeline (a local volume)."""
        return self.home.resolve() / "checkpoints"

    @property
    def stream_ready_file(self) -> Path:
        """Holds the pid of the streaming job once its first work is done."""
        return self.home.resolve() / "stream" / "ready"

    @property
    def seed_dir(self) -> Path:
        """First versions of the dimension tables, as Parquet."""
        return self.home.resolve() / "seeds"

    @property
    def failpoint_dir(self) -> Path:
        """Markers of the planted faults that fired."""
        return self.home.resolve() / "failpoints"

    @property
    def truth_dir(self) -> Path:
        """What the generator wrote beside its events: the right answers."""
        return self.home.resolve() / "truth"

    @property
    def proof_file(self) -> Path:
        """What the newest `adlake verify` said."""
        return self.home.resolve() / "proof" / "newest.json"

    @property
    def baseline_file(self) -> Path:
        """What the last good proof was about: the next one compares what changed since."""
        return self.home.resolve() / "proof" / "baseline.json"

    @property
    def secrets_dir(self) -> Path:
        """Files of mode 0600, one secret each."""
        return self.home.resolve() / "secrets"


class JvmSettings(Concern):
    """Every Java process: Kafka, Trino, Spark."""

    java_options: str = Field("", description="options added to every JVM, e.g. -XX:+UseZGC")
    class_archive: bool = Field(
        True,
        description="Spark takes its classes from an archive, made once beside the running stack",
    )


class GeneratorSettings(Concern):
    """Simulated traffic started by `make up`."""

    generator_rate: float = Field(1_000.0, gt=0, description="events per second of `make up`")
    generator_seed: int = Field(42, description="seed of the simulated traffic")
    generator_history: str = Field(
        "24h", description="compressed past published first by `make up`; empty: none"
    )
    generator_history_events: int = Field(
        100_000, ge=1, description="events of that compressed past"
    )
    generator_business: bool = Field(
        True, description="`make up` also sends the business events that follow the ads"
    )


class SupervisionSettings(Concern):
    """Services that end by themselves."""

    supervise: bool = Field(
        True, description="`make up` also starts what starts services again that ended"
    )


class Settings:
    """All concerns, read once: from the process environment, or from `environment` alone."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        source = _present() if environment is None else _given(environment)
        self.paths = _read(PathSettings, source)
        self.ports = _read(PortSettings, source)
        self.kafka = _read(KafkaSettings, source)
        self.catalog = _read(CatalogSettings, source)
        self.object_store = _read(ObjectStoreSettings, source)
        self.jvm = _read(JvmSettings, source)
        self.stream = _read(StreamSettings, source)
        self.generator = _read(GeneratorSettings, source)
        self.supervision = _read(SupervisionSettings, source)
        self.monitoring = _read(MonitoringSettings, source)
        self.metabase = _read(MetabaseSettings, source)
        self.api = _read(ApiSettings, source)
        self.notifications = _read(NotificationSettings, source)
        self.containers = _read(ContainerSettings, source)
        refuse_misfits(self.catalog, self.catalog_jdbc_uri.removeprefix("jdbc:"))

    def as_environment(self, *, with_secrets: bool = True) -> dict[str, str]:
        """Every setting as `ADLAKE_` variables: what a child process needs to read the same.

        Only the environment of a program of ours may hold secrets, whole; what is written down or
        given to a server is made without them.
        """
        concerns = (
            self.paths, self.ports, self.kafka, self.catalog, self.object_store, self.jvm,
            self.stream, self.generator, self.supervision, self.monitoring, self.metabase,
            self.api, self.notifications, self.containers,
        )  # fmt: skip
        return {
            f"{PREFIX}{name}".upper(): _as_text(value)
            for concern in concerns
            for name, value in concern
            if with_secrets or not isinstance(value, SecretStr)
        }

    @property
    def bootstrap_servers(self) -> str:
        """Kafka broker list."""
        return self.kafka.kafka_bootstrap or str(Address(LOOPBACK, self.ports.kafka_port))

    @property
    def has_own_kafka(self) -> bool:
        """The broker is one that `make up` starts: here, and without login."""
        brokers = parse_addresses(self.bootstrap_servers)
        is_plain = self.kafka.kafka_security_protocol == "PLAINTEXT"
        return is_plain and all(one.is_own for one in brokers)

    @property
    def trino_address(self) -> Address:
        """Where Trino answers."""
        return Address(self.ports.trino_host, self.ports.trino_port)

    @property
    def postgres_address(self) -> Address:
        """Where Postgres answers."""
        return Address(self.ports.postgres_host, self.ports.postgres_port)

    @property
    def catalog_jdbc_uri(self) -> str:
        """JDBC URI of the catalog database (no credentials in it)."""
        given = self.catalog.catalog_uri
        return given or f"jdbc:{self._postgres_uri}"

    @property
    def has_rest_catalog(self) -> bool:
        """The tables are listed by a REST catalog, which has no fence of ours (ADR 0019)."""
        return self.catalog.catalog_type == "rest"

    @property
    def rest_catalog_uri(self) -> str:
        """Address of the REST catalog, where there is one."""
        own = f"http://{Address(self.ports.rest_host, self.ports.rest_port)}"
        return self.catalog.catalog_uri or own

    @property
    def control_uri(self) -> str:
        """URI of the control database: leases, laws, requests (no credentials in it)."""
        default = self._postgres_uri if self.has_rest_catalog else self.catalog_jdbc_uri
        return (self.catalog.control_uri or default).removeprefix("jdbc:")

    @property
    def has_own_database(self) -> bool:
        """The control database is in the Postgres that `make up` starts, as far as settings say."""
        elsewhere = "" if self.has_rest_catalog else self.catalog.catalog_uri
        return self.postgres_address.is_own and not (self.catalog.control_uri or elsewhere)

    @property
    def _postgres_uri(self) -> str:
        return f"postgresql://{self.postgres_address}/{self.catalog.catalog_database}"

    def catalog_password(self) -> SecretStr:
        """Password of the catalog role: the one that is set, else the one `make up` made."""
        given = secret_of(self.catalog, "postgres_password")
        if given is not None:
            return given
        secret_file = self.paths.secrets_dir / "postgres_password"
        if not self.has_own_database and not secret_file.exists():
            raise SettingsError(
                f"Postgres is at {self.control_uri}: give the password of "
                f"{self.catalog.catalog_user} there in ADLAKE_POSTGRES_PASSWORD_FILE"
            )
        if not secret_file.exists():
            raise SettingsError(f"{secret_file} is missing: run `make up` first")
        return read_secret(secret_file, "the catalog's password")

    def kafka_password(self) -> SecretStr | None:
        """Password of the broker's user; None where none is set."""
        return secret_of(self.kafka, "kafka_password")

    def owner_password(self) -> SecretStr | None:
        """Password of the database's owner where it is set; None: the file that `make up` made."""
        return secret_of(self.catalog, "postgres_owner_password")

    def s3_secret_key(self) -> SecretStr | None:
        """Secret of the object store's key; None where none is set."""
        return secret_of(self.object_store, "s3_secret_key")

    def s3_reader_secret_key(self) -> SecretStr | None:
        """Secret of the reader's key; None where none is set."""
        return secret_of(self.object_store, "s3_reader_secret_key")

    def api_key(self) -> SecretStr | None:
        """What writers have to send to the API; None where none is set."""
        return secret_of(self.api, "api_key")

    def notebook_token(self) -> SecretStr | None:
        """Key to JupyterLab; None where none is set."""
        return secret_of(self.containers, "notebook_token")

    def alert_webhook(self) -> SecretStr | None:
        """Where alerts are posted to; None: nowhere."""
        return secret_of(self.monitoring, "alert_webhook_url")

    def metabase_password(self) -> SecretStr | None:
        """Password of our user in Metabase; None where none is set."""
        return secret_of(self.metabase, "metabase_password")

    @property
    def trino_address_for_metabase(self) -> Address:
        """Where Metabase finds Trino."""
        given = self.metabase.metabase_trino
        return parse_addresses(given)[0] if given else self.trino_address


def _as_text(value: Any) -> str:  # noqa: ANN401 - of any setting
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if value is None:
        return ""
    return str(value.resolve() if isinstance(value, Path) else value)


ReadConcern = TypeVar("ReadConcern", bound=Concern)
ALMOST = 0.9
"""A name of `.env` that is this much like one of ours was meant to be one."""


@dataclass(frozen=True)
class _Value:
    text: str = field(repr=False)  # it may be a secret
    where: str = ""
    """For messages: empty for a variable."""


def _given(environment: Mapping[str, str]) -> dict[str, _Value]:
    """The variables that are settings; raises SettingsError for one that only looks like it."""
    for name in environment:
        if name.upper().startswith(PREFIX):
            _refuse_unknown(name, "")
    found = {name: _Value(environment[name]) for name in known_names() if name in environment}
    return {name: one for name, one in found.items() if name not in PATHS or one.text.strip()}


def _present() -> dict[str, _Value]:
    """Lines of `.env`, then the variables of this process; names of other tools are left alone."""
    found = {}
    for name, line in read_settings_file(SETTINGS_FILE).items():
        where = f"{SETTINGS_FILE}, line {line.number}: "
        if name.upper().startswith(PREFIX) or _closest(name, ALMOST):
            _refuse_unknown(name, where)
            value = line.value
            if name in PATHS and value.strip():
                # A line means the same from whatever folder the command is run.
                value = value if value.startswith("~") else str(SETTINGS_FILE.parent / value)
            if name not in PATHS or value.strip():
                found[name] = _Value(value, where)
    return found | _given(os.environ)


def _read(concern: type[ReadConcern], source: Mapping[str, _Value]) -> ReadConcern:
    """One concern; a wrong value raises SettingsError that names the setting."""
    values = {
        name: source[f"{PREFIX}{name}".upper()]
        for name in concern.model_fields
        if f"{PREFIX}{name}".upper() in source
    }
    try:
        return concern(**{name: value.text for name, value in values.items()})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        problem = first["msg"].removeprefix("Value error, ")
        is_secret = concern.model_fields[name].annotation is SecretStr
        given = "(hidden)" if is_secret else repr(first["input"])
        raise SettingsError(
            f"{values[name].where}{PREFIX}{name.upper()}={given} is refused: {problem}"
        ) from None


CONCERNS: tuple[type[Concern], ...] = (
    PathSettings, PortSettings, KafkaSettings, CatalogSettings, ObjectStoreSettings, JvmSettings,
    StreamSettings, GeneratorSettings, SupervisionSettings, MonitoringSettings, MetabaseSettings,
    ApiSettings, NotificationSettings, ContainerSettings,
)  # fmt: skip
PATHS = frozenset(
    f"{PREFIX}{name}".upper()
    for concern in CONCERNS
    for name in concern.model_fields
    if name in {"home", "cache"} or name.endswith("_file")
)
"""Settings without an empty value: empty means not set (it would be the current folder)."""
SECRETS = frozenset(
    f"{PREFIX}{name}".upper()
    for concern in CONCERNS
    for name, info in concern.model_fields.items()
    if info.annotation is SecretStr
)
"""Settings whose value is written down nowhere."""


def known_names() -> dict[str, str]:
    """Every setting's environment name with its description."""
    return {
        f"{PREFIX}{name}".upper(): info.description or ""
        for concern in CONCERNS
        for name, info in concern.model_fields.items()
    }


def _refuse_unknown(name: str, where: str) -> None:
    if name not in known_names():
        close = _closest(name)
        hint = f"; did you mean {close}?" if close else ""
        raise SettingsError(f"{where}{name} is not a setting of adlake{hint}")


def _closest(name: str, likeness: float = 0.6) -> str | None:
    return next(
        iter(difflib.get_close_matches(name.upper(), known_names(), n=1, cutoff=likeness)), None
    )
