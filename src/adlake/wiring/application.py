"""The streaming application with all its pipelines."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from functools import partial
from typing import Final

from adlake import __version__, flow
from adlake.alerts.handler import AlertKeeper
from adlake.alerts.rule_table import write_rules
from adlake.alerts.until import ReadUntil
from adlake.attribution.pipeline import AttributionPipeline
from adlake.attribution.slot_move import prepare_gold, refuse_unreadable_gold
from adlake.attribution.state_upgrade import prepare_states
from adlake.budgets.keeper import BudgetKeeper
from adlake.business.pipeline import BusinessPipeline
from adlake.contracts import gauges
from adlake.contracts.law import ReadLaw
from adlake.contracts.registry import ATTRIBUTION, BUSINESS, CAMPAIGNS, REPLAY_LEASE
from adlake.contracts.topics import BUSINESS_TOPIC
from adlake.customers.event_writer import CustomerEventWriter
from adlake.customers.writer import CustomerWriter
from adlake.devstack.home import bind_home, place_of, refuse_other_home
from adlake.dims.first_versions import load_first_versions
from adlake.dims.pipeline import CampaignPipeline
from adlake.generator.dimensions import write_dimension_seeds
from adlake.io.iceberg.ddl import provision_tables
from adlake.io.postgres.law_store import read_law
from adlake.io.postgres.lease import Connect, is_held
from adlake.io.postgres.operations import BUILD_MODELS
from adlake.io.prometheus.meters import Meters
from adlake.maintenance.between_batches import Maintenance, MaintenancePlan
from adlake.provision.outside import kafka_access
from adlake.provision.topics import topics_of
from adlake.settings import Settings
from adlake.streaming.config import ApplicationConfig, Keeper, Preparation
from adlake.streaming.pipeline import Pipeline
from adlake.streaming.ready_file import WaitingNote
from adlake.wiring.lake import lease_connect
from adlake.wiring.operations import operation_handlers, topics_read
from adlake.wiring.published import publish_keeper
from adlake.wiring.spark import catalog_access, spark_resources

SECONDS_PER_HOUR: Final = 3_600
DERIVED_OF_BUSINESS: Final = (CustomerEventWriter, CustomerWriter)
"""What other rooms make of business events, each after what it reads."""


def log_to_stdout() -> None:
    """One line per event; what runs in the background is read with `make logs`."""
    logging.basicConfig(
        stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    for noisy in ("py4j", "kafka"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # It warns of cores that are busy, which a batch makes them.
    logging.getLogger("kafka.net.selector").setLevel(logging.ERROR)


def application_config(settings: Settings) -> ApplicationConfig:
    """Everything the streaming application needs, with all its pipelines."""
    stream, home = settings.stream, settings.paths.home.resolve()
    refuse_other_home(home)
    bind_home(home)
    connect = lease_connect(settings)
    read = partial(read_law, connect)
    read_until = topics_read(settings)
    meters = Meters()
    meters.put(gauges.BUILD, 1, version=__version__)
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
        resources=spark_resources(settings, "spark", ui_port=settings.ports.spark_ui_port),
        trigger_seconds=stream.trigger_seconds,
        max_offsets_per_trigger=stream.max_offsets_per_trigger,
        pipelines=pipelines_of(settings, read),
        preparations=_preparations(settings, read),
        handlers=operation_handlers(connect, read_until, stream.leftover_days),
        maintenance=Maintenance(
            _maintenance_plan(settings), partial(is_held, connect, REPLAY_LEASE), meters
        ),
        every_seconds=schedule_of(settings),
        keepers=keepers_of(settings, connect, read_until, meters),
        meters=meters,
        metrics_port=settings.ports.metrics_port,
        metrics_address=settings.containers.bind_address,
        failpoints=stream.failpoints,
    )


def _preparations(settings: Settings, read: ReadLaw) -> tuple[Preparation, ...]:
    note = WaitingNote(settings.paths.stream_ready_file)
    return (
        refuse_unreadable_gold,
        provision_tables,
        partial(load_first_versions, seed_dir=settings.paths.seed_dir),
        partial(prepare_gold, note=note),
        partial(prepare_states, note=note, read_law=read),
    )


def _maintenance_plan(settings: Settings) -> MaintenancePlan:
    stream = settings.stream
    return MaintenancePlan(
        compact_every=stream.compact_every_batches,
        expire_every=stream.expire_every_batches,
        snapshot_minutes=stream.snapshot_minutes,
        record_every=stream.ledger_every_batches,
        leftover_days=stream.leftover_days,
    )


def schedule_of(settings: Settings) -> dict[str, float]:
    """Kind of operation -> seconds between two of them; those that are off are not in it."""
    hours = {BUILD_MODELS: settings.stream.models_every_hours}
    return {kind: every * SECONDS_PER_HOUR for kind, every in hours.items() if every}


def keepers_of(
    settings: Settings, connect: Connect, read_until: ReadUntil, meters: Meters
) -> tuple[Keeper, ...]:
    """Budgets, the alert log, which needs both kinds of events, and what is published of them."""
    if BUSINESS_TOPIC not in topics_of(settings):
        return ()
    keepers: list[Keeper] = []
    stream = settings.stream
    if stream.budgets:
        keepers.append(BudgetKeeper(BusinessPipeline(), meters, stream.budgets_after_seconds))
    if stream.alerts:
        keepers.append(AlertKeeper(read_until, partial(write_rules, connect=connect)))
    keepers.append(publish_keeper(settings, meters))
    return tuple(keepers)


def pipelines_of(settings: Settings, read: ReadLaw) -> tuple[Pipeline, ...]:
    """The pipelines of the map whose topic is not switched off, in its order."""
    makers: dict[str, Callable[[str], Pipeline]] = {
        ATTRIBUTION: partial(AttributionPipeline, read_law=read),
        BUSINESS: partial(BusinessPipeline, derived=DERIVED_OF_BUSINESS),
        CAMPAIGNS: CampaignPipeline,
    }
    names = topics_of(settings)
    return tuple(
        makers[step.pipeline](names[topic])
        for topic, step in flow.pipelines().items()
        if topic in names
    )


def write_missing_seeds(settings: Settings) -> None:
    """Make the dimension seeds once, before the stream loads them."""
    seed_dir = settings.paths.seed_dir
    if not (seed_dir / "dim_users.parquet").exists():
        write_dimension_seeds(seed_dir, settings.generator.generator_seed)
