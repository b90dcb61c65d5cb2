"""How a command has something done by the holder of the stream's lease.

It leaves a request. The streaming application does it between two batches; when none runs, this
process takes the lease and does the same work itself.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession

from adlake.contracts.errors import AdlakeError
from adlake.contracts.registry import STREAM_LEASE
from adlake.io.postgres import operations
from adlake.io.postgres.lease import Connect, Lease, LeaseHeldError, LeaseKeeper, acquire
from adlake.io.spark.session import CatalogAccess, SparkResources
from adlake.streaming.clock_wait import ClockWait, behind_tables
from adlake.streaming.operations import Handler, OperationRunner
from adlake.streaming.session import leased_session

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
Report = Callable[[str], None]


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
    """By kind of operation: all of them, since an open request of any kind comes first."""
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
    operation_id = operations.request(config.lease_connect, kind, arguments)
    done = see_through(config, operation_id, report)
    if done.state != "done":
        raise OperationFailedError(
            f"{kind} was not done, the tables are as they were: {done.result}"
        )
    return done.result


def see_through(config: RequestConfig, operation_id: int, report: Report) -> operations.Operation:
    """Wait until the stream has done it, or do it here as soon as no stream holds the lease."""
    told = False
    while True:
        operation = operations.read(config.lease_connect, operation_id)
        if operation.state != "requested":
            return operation
        try:
            with leased(config, STREAM_LEASE) as lease:
                report(f"no stream runs: doing operation {operation_id} here")
                _run_operations(config, lease)
        except LeaseHeldError as error:
            if not told:
                report(f"operation {operation_id} is left to the stream ({error})")
                told = True
            time.sleep(POLL_SECONDS)


@contextmanager
def leased(config: RequestConfig, name: str) -> Iterator[Lease]:
    """Hold a lease inside the block.

    Raises:
        LeaseHeldError: somebody else does.
    """
    is_fenced = config.catalog.has_fence
    lease = acquire(config.lease_connect, name, config.lease_ttl_seconds, is_fenced=is_fenced)
    # A lost lease needs no care here: the database refuses the commits of its generation.
    keeper = LeaseKeeper(lease, config.lease_ttl_seconds, lambda: log.error("lost %s", name))
    keeper.start()
    try:
        yield lease
    finally:
        keeper.stop()
        lease.release()


def _run_operations(config: RequestConfig, lease: Lease) -> None:
    session = leased_session("adlake operations", config, lease)
    try:
        config.prepare(session)
        OperationRunner(
            session, config.lease_connect, config.handlers,
            renew=lambda: config.renew(session),
            clock=ClockWait(behind_tables(session), lambda: False),
        ).run_all()  # fmt: skip
    finally:
        session.stop()
