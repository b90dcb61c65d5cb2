"""Typed settings, one class per concern; the only reader of the environment.

Every setting is an environment variable with the prefix `ADLAKE_` (or a line of `.env` in the
checkout). Unknown `ADLAKE_` names are refused, so a misspelt setting never passes quietly.
Settings are read in `cli` and passed on as arguments.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from adlake.io.failpoints import checked

PREFIX = "ADLAKE_"
REPO_ROOT = Path(__file__).resolve().parents[2]

Port = Annotated[int, Field(ge=1, le=65_535)]


class SettingsError(ValueError):
    """An environment variable names no setting, or holds a wrong value."""


def _default_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "adlake"


class _Concern(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=REPO_ROOT / ".env", extra="ignore", frozen=True
    )


class PathSettings(_Concern):
    """Where state and downloads live."""

    home: Path = Field(REPO_ROOT / ".runtime", description="state of this lake: data, logs, pids")
    cache: Path = Field(
        default_factory=_default_cache, description="downloads, shared by all checkouts"
    )
    warehouse: str = Field("", description="warehouse URI; empty: file://$ADLAKE_HOME/warehouse")

    @property
    def warehouse_uri(self) -> str:
        """Root URI of all table files."""
        return self.warehouse or f"file://{self.home.resolve()}/warehouse"

    @property
    def checkpoint_dir(self) -> Path:
        """Checkpoint of the attribution stream (a local volume)."""
        return self.home.resolve() / "checkpoints" / "attribution"

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
        source = os.environ if environment is None else environment
        refuse_unknown_names(source)
        self.paths = _read(PathSettings, source)
        self.ports = _read(PortSettings, source)
        self.kafka = _read(KafkaSettings, source)
        self.catalog = _read(CatalogSettings, source)
        self.stream = _read(StreamSettings, source)
        self.generator = _read(GeneratorSettings, source)
        self.supervision = _read(SupervisionSettings, source)

    def as_environment(self) -> dict[str, str]:
        """Every setting as `ADLAKE_` variables: what a child process needs to read the same."""
        concerns = (
            self.paths, self.ports, self.kafka, self.catalog, self.stream, self.generator,
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
UNREAD_PREFIX = "NOT_A_SETTING_OF_ADLAKE_"
"""Keeps pydantic from looking into the process environment when a mapping was given."""


def _read(concern: type[Concern], environment: Mapping[str, str]) -> Concern:
    """One concern from `environment`; a wrong value raises SettingsError that names the setting."""
    given = {
        name: environment[f"{PREFIX}{name}".upper()]
        for name in concern.model_fields
        if f"{PREFIX}{name}".upper() in environment
    }
    try:
        if environment is os.environ:
            return concern(**given)
        unread: dict[str, Any] = {"_env_file": None, "_env_prefix": UNREAD_PREFIX}
        return concern(**unread, **given)
    except ValidationError as error:
        first = error.errors()[0]
        name = f"{PREFIX}{first['loc'][0]}".upper()
        problem = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"{name}={first['input']!r} is refused: {problem}") from None


CONCERNS: tuple[type[_Concern], ...] = (
    PathSettings, PortSettings, KafkaSettings, CatalogSettings, StreamSettings, GeneratorSettings,
    SupervisionSettings,
)  # fmt: skip


def known_names() -> dict[str, str]:
    """Every setting's environment name with its description."""
    return {
        f"{PREFIX}{name}".upper(): field.description or ""
        for concern in CONCERNS
        for name, field in concern.model_fields.items()
    }


def refuse_unknown_names(environment: Mapping[str, str]) -> None:
    """Raise SettingsError for an `ADLAKE_` variable that is no setting."""
    known = known_names()
    for name in environment:
        if name.startswith(PREFIX) and name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise SettingsError(f"{name} is not a setting of adlake{hint}")
