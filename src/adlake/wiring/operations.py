"""What whoever holds the stream's lease can do, and what a command needs that asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from adlake.attribution.pipeline import AttributionPipeline
from adlake.attribution.replay.handlers import replay_handlers
from adlake.attribution.rollup.handler import rollup_handlers
from adlake.devstack.home import refuse_unmade_home
from adlake.io.iceberg.ddl import provision_tables
from adlake.io.postgres.law_store import read_law
from adlake.io.postgres.lease import Connect
from adlake.io.spark.session import SparkResources
from adlake.maintenance.kept_snapshots import keep_handlers
from adlake.models.handler import model_handlers
from adlake.settings import Settings
from adlake.streaming.operations import Handler
from adlake.streaming.requests import RequestConfig
from adlake.wiring.lake import lease_connect
from adlake.wiring.spark import catalog_access, java_options


def operation_handlers(connect: Connect) -> Mapping[str, Handler]:
    """By kind of operation."""
    read = partial(read_law, connect)
    return {
        **replay_handlers(read),
        **model_handlers(read),
        **rollup_handlers(read),
        **keep_handlers(),
    }


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
        resources=SparkResources(
            master=stream.spark_master,
            driver_memory=stream.driver_memory,
            shuffle_partitions=stream.shuffle_partitions,
            local_dir=str(home / "tmp" / name),
            java_options=java_options(settings),
            output_file=home / "logs" / f"{name}.log",
            driver_host=settings.ports.spark_driver_host,
            bind_address=settings.ports.spark_bind_address,
        ),
        marker_dir=settings.paths.failpoint_dir,
        handlers=operation_handlers(connect),
        prepare=provision_tables,
        renew=AttributionPipeline(read_law=partial(read_law, connect)).renew,
        failpoints=stream.failpoints,
    )
