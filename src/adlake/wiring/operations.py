"""What whoever holds the stream's lease can do, and what a command needs that asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from adlake.alerts.handler import alert_handlers
from adlake.alerts.rule_table import write_rules
from adlake.alerts.until import ReadUntil, TopicsRead
from adlake.attribution.pipeline import AttributionPipeline
from adlake.attribution.replay.handlers import replay_handlers
from adlake.attribution.rollup.handler import rollup_handlers
from adlake.budgets.build import budget_handlers
from adlake.business.pipeline import BusinessPipeline
from adlake.contracts.registry import REPLAY_LEASE
from adlake.contracts.topics import AD_TOPIC, BUSINESS_TOPIC
from adlake.customers.day_roll import day_roll_handlers
from adlake.devstack.home import refuse_unmade_home
from adlake.io.iceberg.ddl import provision_tables
from adlake.io.kafka.ends import TopicEnds
from adlake.io.postgres.law_store import read_law
from adlake.io.postgres.lease import Connect, is_held
from adlake.maintenance.at_once import maintain_handlers
from adlake.maintenance.kept_snapshots import keep_handlers
from adlake.models.handler import model_handlers
from adlake.provision.outside import kafka_access
from adlake.settings import Settings
from adlake.streaming.operations import Handler
from adlake.streaming.requests import RequestConfig
from adlake.wiring.lake import lease_connect
from adlake.wiring.spark import catalog_access, spark_resources
from adlake.wiring.views import view_handlers

BROKER_SECONDS: Final = 10.0
"""For the broker to say how far its topics go."""


def operation_handlers(
    connect: Connect, read_until: ReadUntil, leftover_days: int
) -> Mapping[str, Handler]:
    """By kind of operation.

    Args:
        connect: to the control database.
        read_until: up to when the topics of the alert rules have been read.
        leftover_days: files that no snapshot names go at this age; 0: never.
    """
    read = partial(read_law, connect)
    return {
        **alert_handlers(read_until, partial(write_rules, connect=connect)),
        **replay_handlers(read),
        **model_handlers(read),
        **rollup_handlers(read),
        **budget_handlers(BusinessPipeline()),
        **keep_handlers(),
        **day_roll_handlers(),
        **view_handlers(read),
        **maintain_handlers(leftover_days, partial(is_held, connect, REPLAY_LEASE)),
    }


def topics_read(settings: Settings) -> ReadUntil:
    """Up to when the topics of the alert rules have been read; never, where one is switched off."""
    names = settings.kafka.topic_names
    ads, business = names[AD_TOPIC], names[BUSINESS_TOPIC]
    if not business:
        return lambda _: None

    def ends() -> TopicEnds:
        return TopicEnds(kafka_access(settings), [ads, business], BROKER_SECONDS)

    return TopicsRead(ends, ads, business)


def request_config(settings: Settings, name: str) -> RequestConfig:
    """Everything a command needs that has the stream do something; `name` is its log's.

    Its Spark, where no stream runs, is as big as the stream's.
    """
    refuse_unmade_home(settings)
    stream, home = settings.stream, settings.paths.home.resolve()
    connect = lease_connect(settings)
    return RequestConfig(
        catalog=catalog_access(settings),
        lease_connect=connect,
        lease_ttl_seconds=stream.lease_ttl_seconds,
        resources=spark_resources(settings, name, output_file=home / "logs" / f"{name}.log"),
        marker_dir=settings.paths.failpoint_dir,
        handlers=operation_handlers(connect, topics_read(settings), stream.leftover_days),
        prepare=provision_tables,
        renew=AttributionPipeline(read_law=partial(read_law, connect)).renew,
        failpoints=stream.failpoints,
    )
