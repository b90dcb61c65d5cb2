"""Turns settings into the arguments of jobs; used by `cli` alone."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from functools import partial

from adlake.attribution.pipeline import AttributionPipeline, ReadLaw
from adlake.attribution.replay.command import ReplayConfig
from adlake.attribution.replay.handlers import replay_handlers
from adlake.attribution.slot_move import prepare_gold, refuse_unreadable_gold
from adlake.business.pipeline import BusinessPipeline
from adlake.contracts.law import LAW_V1
from adlake.contracts.registry import REPLAY_LEASE, SPECS, Filling
from adlake.devstack.home import bind_home, place_of, refuse_other_home, refuse_unmade_home
from adlake.devstack.install.fetch import jdk_majors
from adlake.devstack.install.ivy import pyspark_home
from adlake.devstack.install.java import find_jdk, own_options
from adlake.devstack.install.versions import read_versions
from adlake.dims.first_versions import load_first_versions
from adlake.environment import scratch_of
from adlake.generator.dimensions import write_dimension_seeds
from adlake.io.deadline import NO_DEADLINE, Deadline
from adlake.io.iceberg.ddl import provision_tables
from adlake.io.iceberg.reader import LakeReader
from adlake.io.iceberg.stamp import LastRecord
from adlake.io.kafka.holes import FindHoles, ranges_without_records
from adlake.io.kafka.last_records import with_last_records
from adlake.io.kafka.topic import (
    COMMAND_BOOTSTRAP_SECONDS,
    TopicError,
    TopicFacts,
    refuse_dead_broker,
    topic_facts,
)
from adlake.io.postgres.law_store import read_law
from adlake.io.postgres.lease import Connect, is_held
from adlake.io.spark.session import CatalogAccess, SparkResources
from adlake.maintenance.upkeep import Upkeep, UpkeepPlan
from adlake.provision.catalog import catalog_database
from adlake.provision.outside import kafka_access, object_store, rest_catalog
from adlake.settings import Settings
from adlake.streaming.config import ApplicationConfig
from adlake.streaming.pipeline import Pipeline
from adlake.streaming.place import check_place


def log_to_stdout() -> None:
    """One line per event; what runs in the background is read with `make logs`."""
    logging.basicConfig(
        stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    for noisy in ("py4j", "kafka"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def choose_jdk(settings: Settings) -> None:
    """Let Spark in this process run on the JDK that `make up` chooses; DevstackError: none fits.

    Spark is the package of this environment, with no configuration but what the session is given.
    """
    scratch = scratch_of(settings.paths.home.resolve())
    scratch.mkdir(parents=True, exist_ok=True)
    spark_home = pyspark_home()
    os.environ.update(
        JAVA_HOME=str(find_jdk(jdk_majors(read_versions())).home),
        SPARK_HOME=str(spark_home),
        SPARK_CONF_DIR=str(spark_home / "conf"),
        PYSPARK_PYTHON=sys.executable,
        TMPDIR=str(scratch),
        # Spark's own page binds this one, whatever its session is told.
        SPARK_LOCAL_IP=settings.ports.spark_bind_address,
        SPARK_LOCAL_HOSTNAME=settings.ports.spark_driver_host,
    )


def java_options(settings: Settings) -> tuple[str, ...]:
    """Options of Spark's JVM beyond those of its session."""
    return tuple(own_options(settings.paths.home.resolve(), settings.jvm.java_options))


def catalog_access(settings: Settings) -> CatalogAccess:
    """How Spark reaches the catalog."""
    return CatalogAccess(
        kind=settings.catalog.catalog_type,
        uri="" if settings.has_rest_catalog else settings.catalog_jdbc_uri,
        user=settings.catalog.catalog_user,
        password=settings.catalog_password(),
        warehouse_uri=settings.paths.warehouse_uri,
        rest=rest_catalog(settings),
        object_store=object_store(settings),
    )


def lake_reader(settings: Settings) -> LakeReader:
    """How PyIceberg reaches the catalog."""
    return LakeReader(
        jdbc_uri="" if settings.has_rest_catalog else settings.catalog_jdbc_uri,
        user=settings.catalog.catalog_user,
        password=settings.catalog_password(),
        warehouse_uri=settings.paths.warehouse_uri,
        rest=rest_catalog(settings),
        object_store=object_store(settings),
    )


def present_topic(
    settings: Settings,
    contained: Mapping[int, LastRecord] | None = None,
    *,
    topic: str = "",
    deadline: Deadline = NO_DEADLINE,
) -> TopicFacts:
    """A topic (empty: ad events) as the broker has it now, and what lies where these records were.

    Raises:
        TopicError: there is no such topic, or the broker does not answer.
    """
    servers, patience = kafka_access(settings), COMMAND_BOOTSTRAP_SECONDS
    refuse_dead_broker(servers, deadline.patience_ms(patience) / 1_000)
    facts = topic_facts(servers, topic or settings.kafka.topic, patience, deadline)
    return with_last_records(facts, servers, contained or {})


def pending_records(settings: Settings) -> str:
    """What waits behind an open transaction, as a sentence; empty: nothing, or no answer."""
    try:
        return present_topic(settings).pending_in_words
    except TopicError:
        return ""


def hole_finder(
    settings: Settings, deadline: Deadline = NO_DEADLINE, *, topic: str = ""
) -> FindHoles:
    """How jobs ask the broker which offsets of a topic (empty: ad events) hold no record."""
    name = topic or settings.kafka.topic
    return partial(ranges_without_records, kafka_access(settings), name, deadline=deadline)


def tables_of_topics(settings: Settings) -> dict[str, tuple[str, ...]]:
    """Topic -> the tables that its records reach: records first, then what is derived from them."""
    return {
        one.topic: tuple(
            spec.name
            for spec in SPECS
            if spec.pipeline == one.name and spec.filling in (Filling.APPEND, Filling.MERGE)
        )
        for one in _pipelines(settings, lambda _: LAW_V1)
    }


def lease_connect(settings: Settings) -> Connect:
    """Opens the control database: lease, laws and requests.

    Raises:
        LakePlaceError: it is not the database of this home and warehouse.
        NoLakeYetError: nothing was ever started in this home.
    """
    refuse_unmade_home(settings)
    connect = catalog_database(settings).connect
    check_place(connect, place_of(settings))
    return connect


def replay_config(settings: Settings) -> ReplayConfig:
    """Everything a replay needs; its Spark is as big as the stream's."""
    refuse_unmade_home(settings)
    stream, home = settings.stream, settings.paths.home.resolve()
    return ReplayConfig(
        catalog=catalog_access(settings),
        reader=lake_reader(settings),
        lease_connect=lease_connect(settings),
        lease_ttl_seconds=stream.lease_ttl_seconds,
        resources=SparkResources(
            master=stream.spark_master,
            driver_memory=stream.driver_memory,
            shuffle_partitions=stream.shuffle_partitions,
            local_dir=str(home / "tmp" / "replay"),
            java_options=java_options(settings),
            output_file=home / "logs" / "replay.log",
            driver_host=settings.ports.spark_driver_host,
            bind_address=settings.ports.spark_bind_address,
        ),
        marker_dir=settings.paths.failpoint_dir,
        failpoints=stream.failpoints,
    )


def application_config(settings: Settings) -> ApplicationConfig:
    """Everything the streaming application needs, with all its pipelines."""
    stream, home = settings.stream, settings.paths.home.resolve()
    refuse_other_home(home)
    bind_home(home)
    connect = lease_connect(settings)
    read = partial(read_law, connect)
    plan = UpkeepPlan(
        compact_every=stream.compact_every_batches,
        expire_every=stream.expire_every_batches,
        snapshot_minutes=stream.snapshot_minutes,
        record_every=stream.ledger_every_batches,
    )
    return ApplicationConfig(
        brokers=kafka_access(settings),
        secrets_dir=settings.paths.secrets_dir,
        catalog=catalog_access(settings),
        lease_connect=connect,
        place=place_of(settings),
        lease_ttl_seconds=stream.lease_ttl_seconds,
        checkpoint_dir=settings.paths.checkpoint_dir,
        marker_dir=settings.paths.failpoint_dir,
        ready_file=settings.paths.stream_ready_file,
        resources=SparkResources(
            master=stream.spark_master,
            driver_memory=stream.driver_memory,
            shuffle_partitions=stream.shuffle_partitions,
            ui_port=settings.ports.spark_ui_port,
            local_dir=str(home / "tmp" / "spark"),
            java_options=java_options(settings),
            driver_host=settings.ports.spark_driver_host,
            bind_address=settings.ports.spark_bind_address,
        ),
        trigger_seconds=stream.trigger_seconds,
        max_offsets_per_trigger=stream.max_offsets_per_trigger,
        pipelines=_pipelines(settings, read),
        preparations=(
            refuse_unreadable_gold,
            provision_tables,
            partial(load_first_versions, seed_dir=settings.paths.seed_dir),
            prepare_gold,
        ),
        handlers=replay_handlers(read),
        upkeep=Upkeep(plan, partial(is_held, connect, REPLAY_LEASE)),
        failpoints=stream.failpoints,
    )


def _pipelines(settings: Settings, read: ReadLaw) -> tuple[Pipeline, ...]:
    attribution = AttributionPipeline(settings.kafka.topic, read)
    if not settings.kafka.business_topic:
        return (attribution,)
    return (attribution, BusinessPipeline(settings.kafka.business_topic))


def write_missing_seeds(settings: Settings) -> None:
    """Make the dimension seeds once, before the stream loads them."""
    seed_dir = settings.paths.seed_dir
    if not (seed_dir / "dim_campaigns.parquet").exists():
        write_dimension_seeds(seed_dir, settings.generator.generator_seed)
