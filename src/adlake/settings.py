"""Typed settings, one class per concern; the only reader of the environment.

Every setting is an environment variable with the prefix `ADLAKE_` (or a line of `.env` in the
checkout; the environment wins). Unknown `ADLAKE_` names are refused in both, so a misspelt
setting never passes quietly. Settings are read in `cli` and passed on as arguments.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from adlake.environment import cache_folder, user_home
from adlake.io.failpoints import checked
from adlake.settings_file import SettingsError as SettingsError  # noqa: PLC0414 - exported from here
from adlake.settings_file import read_settings_file

PREFIX = "ADLAKE_"
REPO_ROOT = Path(__file__).resolve().parents[2]
SETTINGS_FILE = REPO_ROOT / ".env"

Port = Annotated[int, Field(ge=1, le=65_535)]


def _with_home(given: object) -> object:
    """`~` is the user's folder, as in a shell; `~name` is another user's."""
    text = str(given)
    home = user_home()
    if home is not None and (text == "~" or text.startswith("~/")):
        return str(home) + text[1:]
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ValueError("there is no such user: write the whole path") from None


Folder = Annotated[Path, BeforeValidator(_with_home)]


class _Concern(BaseModel):
    model_config = ConfigDict(frozen=True)


class PathSettings(_Concern):
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
    def secrets_dir(self) -> Path:
        """Files of mode 0600, one secret each."""
        return self.home.resolve() / "secrets"


class PortSettings(_Concern):
    """Ports, all on 127.0.0.1."""

    kafka_port: Port = Field(9092, description="Kafka broker")
    kafka_controller_port: Port = Field(9093, description="Kafka KRaft controller")
    postgres_port: Port = Field(5442, description="Postgres with the Iceberg catalog")
    trino_port: Port = Field(8080, description="Trino HTTP")
    dashboard_port: Port = Field(8501, description="Streamlit dashboard")
    spark_ui_port: Port = Field(4040, description="Spark UI of the streaming job")


class KafkaSettings(_Concern):
    """The event topic."""

    kafka_bootstrap: str = Field("", description="broker list; empty: 127.0.0.1:$ADLAKE_KAFKA_PORT")
    topic: str = Field("ad_events", description="topic of ad events")
    business_topic: str = Field("business_events", description="topic of business events")
    topic_partitions: int = Field(4, ge=1, description="partitions when the topic is created")
    topic_timestamp_type: Literal["CreateTime", "LogAppendTime"] = Field(
        "CreateTime", description="LogAppendTime where real producers publish"
    )
    topic_retention_bytes: int = Field(
        2_000_000_000, description="bytes kept per partition (time retention is off)"
    )


class CatalogSettings(_Concern):
    """The Iceberg catalog."""

    catalog_type: Literal["jdbc", "rest"] = Field("jdbc", description="JDBC on Postgres, or REST")
    catalog_uri: str = Field("", description="empty: jdbc:postgresql on $ADLAKE_POSTGRES_PORT")
    catalog_user: str = Field("adlake", description="catalog database role")
    catalog_database: str = Field("lakehouse", description="catalog database")


class JvmSettings(_Concern):
    """Every Java process: Kafka, Trino, Spark."""

    java_options: str = Field("", description="options added to every JVM, e.g. -XX:+UseZGC")


class StreamSettings(_Concern):
    """The attribution streaming job."""

    trigger_seconds: float = Field(5.0, gt=0, description="micro-batch interval")
    max_offsets_per_trigger: int = Field(
        250_000, ge=1, description="rate limit: most records in one micro-batch"
    )
    spark_master: str = Field("local[2]", description="Spark master URL")
    driver_memory: str = Field("2g", description="heap of the Spark driver")
    shuffle_partitions: int = Field(2, ge=1, description="tasks per shuffle")
    compact_every_batches: int = Field(
        6, ge=0, description="compact hot slots every so many batches; 0: never"
    )
    expire_every_batches: int = Field(
        60, ge=0, description="forget old snapshots every so many batches; 0: never"
    )
    ledger_every_batches: int = Field(
        12,
        ge=0,
        le=60,
        description="copy batch counts to the ledger (every n batches; 0: never)",
    )
    snapshot_minutes: float = Field(
        30.0, gt=0, description="snapshots younger than this stay readable"
    )
    lease_ttl_seconds: float = Field(
        20.0, gt=0, description="another driver may take over after this long without a renewal"
    )
    # Checked here: the job itself reads it only once it holds the lease and has a Spark.
    failpoints: Annotated[str, AfterValidator(checked)] = Field(
        "", description="planted faults for tests, e.g. gold.before_publish=kill9@batch3"
    )


class GeneratorSettings(_Concern):
    """Simulated traffic started by `make up`."""

    generator_rate: float = Field(1_000.0, gt=0, description="events per second of `make up`")
    generator_seed: int = Field(42, description="seed of the simulated traffic")
    generator_history: str = Field(
        "24h", description="compressed past published first by `make up`; empty: none"
    )
    generator_history_events: int = Field(
        100_000, ge=1, description="events of that compressed past"
    )


class SupervisionSettings(_Concern):
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
        self.jvm = _read(JvmSettings, source)
        self.stream = _read(StreamSettings, source)
        self.generator = _read(GeneratorSettings, source)
        self.supervision = _read(SupervisionSettings, source)

    def as_environment(self) -> dict[str, str]:
        """Every setting as `ADLAKE_` variables: what a child process needs to read the same."""
        concerns = (
            self.paths, self.ports, self.kafka, self.catalog, self.jvm, self.stream, self.generator,
            self.supervision,
        )  # fmt: skip
        return {
            f"{PREFIX}{name}".upper(): str(value.resolve() if isinstance(value, Path) else value)
            for concern in concerns
            for name, value in concern.model_dump().items()
        }

    @property
    def bootstrap_servers(self) -> str:
        """Kafka broker list."""
        return self.kafka.kafka_bootstrap or f"127.0.0.1:{self.ports.kafka_port}"

    @property
    def catalog_jdbc_uri(self) -> str:
        """JDBC URI of the catalog database (no credentials in it)."""
        return self.catalog.catalog_uri or (
            f"jdbc:postgresql://127.0.0.1:{self.ports.postgres_port}/{self.catalog.catalog_database}"
        )

    def catalog_password(self) -> str:
        """Password of the catalog role, from its secret file (never argv, never a log)."""
        secret_file = self.paths.secrets_dir / "postgres_password"
        if not secret_file.exists():
            raise SettingsError(f"{secret_file} is missing: run `make up` first")
        return secret_file.read_text().strip()


Concern = TypeVar("Concern", bound=_Concern)
PATHS = ("ADLAKE_HOME", "ADLAKE_CACHE")
"""Settings without an empty value: empty means not set (it would be the current folder)."""
ALMOST = 0.9
"""A name of `.env` that is this much like one of ours was meant to be one."""


@dataclass(frozen=True)
class _Value:
    text: str
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


def _read(concern: type[Concern], source: Mapping[str, _Value]) -> Concern:
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
        field = str(first["loc"][0])
        problem = first["msg"].removeprefix("Value error, ")
        raise SettingsError(
            f"{values[field].where}{PREFIX}{field.upper()}={first['input']!r} is refused: {problem}"
        ) from None


CONCERNS: tuple[type[_Concern], ...] = (
    PathSettings, PortSettings, KafkaSettings, CatalogSettings, JvmSettings, StreamSettings,
    GeneratorSettings, SupervisionSettings,
)  # fmt: skip


def known_names() -> dict[str, str]:
    """Every setting's environment name with its description."""
    return {
        f"{PREFIX}{name}".upper(): field.description or ""
        for concern in CONCERNS
        for name, field in concern.model_fields.items()
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
