"""What one run of the streaming application needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pyspark.sql import SparkSession

from adlake.contracts.address import LOOPBACK
from adlake.contracts.place import Place
from adlake.io.kafka.access import Brokers
from adlake.io.postgres.lease import Connect
from adlake.io.prometheus.meters import Meters
from adlake.io.spark.session import CatalogAccess, SparkResources
from adlake.streaming.broker_log import BrokerLog
from adlake.streaming.operations import Handler
from adlake.streaming.pipeline import Pipeline

Preparation = Callable[[SparkSession], None]
"""Done once the lease is held and nothing is lost: makes tables, loads first rows."""


class Maintenance(Protocol):
    """What is done for the tables between two batches, and at a clean stop."""

    def begin(self, session: SparkSession, pipelines: Sequence[Pipeline]) -> None:
        """Before the first batch of a run."""

    def run_maintenance(
        self,
        session: SparkSession,
        pipeline: str,
        batches_done: int,
        broker_log: BrokerLog,
        *,
        is_behind: bool,
    ) -> None:
        """After so many batches of this pipeline in this run; `is_behind`: the next one waits."""

    def record_final_counts(self, session: SparkSession, logs: Mapping[str, BrokerLog]) -> None:
        """After the last batch; what each pipeline's broker has now."""


class Keeper(Protocol):
    """Tables that the passing of time changes, with or without batches.

    It works beside the batches, so they do not wait; a stop waits for it.
    """

    def is_due(self) -> bool:
        """Whether it is worth to run; asked several times a second."""

    def run(self, session: SparkSession, turn: AbstractContextManager[object]) -> None:
        """Bring them up to date; commits inside of `turn`, between two batches, and no more.

        What fails comes again later.
        """


def rest_after(seconds: float, most_of_the_time: float) -> float:
    """How long a keeper that worked `seconds` rests, to take that share of the time at most."""
    return seconds * (1 / most_of_the_time - 1)


@dataclass(frozen=True)
class ApplicationConfig:
    """Everything one run needs; seconds and bytes as named."""

    brokers: Brokers
    secrets_dir: Path
    """Takes what Spark's JVM reads a login from."""
    catalog: CatalogAccess
    lease_connect: Connect
    place: Place
    lease_ttl_seconds: float
    checkpoint_dir: Path
    """One folder for each pipeline is made in it."""
    marker_dir: Path
    resources: SparkResources
    trigger_seconds: float
    max_offsets_per_trigger: int
    ready_file: Path
    pipelines: Sequence[Pipeline]
    preparations: Sequence[Preparation]
    handlers: Mapping[str, Handler]
    """Who carries out which kind of operation."""
    maintenance: Maintenance
    every_seconds: Mapping[str, float] = field(default_factory=dict)
    """Kind of operation -> how often this run asks for it itself."""
    keepers: Sequence[Keeper] = ()
    meters: Meters = field(default_factory=Meters)
    """Take what the run says of itself."""
    metrics_port: int | None = None
    """Where they are read; None: nowhere."""
    metrics_address: str = LOOPBACK
    """What that port is bound on."""
    failpoints: str = ""
