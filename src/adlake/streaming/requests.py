"""How a command has the holder of the stream's lease do something, and learns how it ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pyspark.sql import SparkSession

from adlake.contracts.errors import AdlakeError
from adlake.io.postgres.lease import Connect
from adlake.io.spark.session import CatalogAccess, SparkResources
from adlake.streaming import asking
from adlake.streaming.asking import Report
from adlake.streaming.clock_wait import ClockWait, behind_tables
from adlake.streaming.operations import Handler, OperationRunner


class OperationFailedError(AdlakeError):
    """The holder of the lease could not do what was asked; the tables are as they were."""


@dataclass(frozen=True)
class RequestConfig:
    """How the lake is reached, and who does here what no stream can; seconds as named."""

    catalog: CatalogAccess
    lease_connect: Connect
    lease_ttl_seconds: float
    resources: SparkResources
    marker_dir: Path
    handlers: Mapping[str, Handler]
    """Of every kind of operation: the oldest request is carried out first, whatever it asks for."""
    prepare: Callable[[SparkSession], None]
    """Before any work: makes the tables that older lakes lack."""
    renew: Callable[[SparkSession], None]
    """After each operation: makes the views anew that it may have changed."""
    failpoints: str = ""


def ask(config: RequestConfig, kind: str, arguments: Mapping[str, int], report: Report) -> str:
    """Have it done; returns the result in one sentence.

    Raises:
        OperationFailedError: it was refused or failed; the tables are as they were.
    """
    done = asking.ask(config, kind, arguments, report, partial(_runner, config))
    if done.state != "done":
        told = f"{kind} was not done, the tables are as they were: {done.result}"
        raise OperationFailedError(told)
    return done.result


def _runner(config: RequestConfig, session: SparkSession) -> OperationRunner:
    config.prepare(session)
    return OperationRunner(
        session, config.lease_connect, config.handlers,
        renew=partial(config.renew, session),
        clock=ClockWait(behind_tables(session), lambda: False),
    )  # fmt: skip
