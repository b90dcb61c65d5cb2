"""Asking the holder of the stream's lease for an operation, and doing it here when there is none.

Only that holder may commit to the tables of the stream. It looks for requests between two batches;
when no stream runs, the process that asks takes the lease and does the same work itself.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from pyspark.sql import SparkSession

from adlake.contracts.registry import STREAM_LEASE
from adlake.io.postgres import operations
from adlake.io.postgres.lease import Connect, Lease, LeaseHeldError, LeaseKeeper, acquire
from adlake.streaming.operations import OperationRunner
from adlake.streaming.session import SessionConfig, leased_session

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
Report = Callable[[str], None]
MakeRunner = Callable[[SparkSession], OperationRunner]
"""What carries requests out in this process."""


class AskingConfig(SessionConfig, Protocol):
    """How a process reaches the lake and its leases."""

    @property
    def lease_connect(self) -> Connect:
        """The control database."""

    @property
    def lease_ttl_seconds(self) -> float:
        """After so long without a sign of life a lease is free."""


def ask(
    config: AskingConfig,
    kind: str,
    arguments: Mapping[str, int],
    report: Report,
    make_runner: MakeRunner,
) -> operations.Operation:
    """Leave a request and wait until it is over."""
    operation_id = operations.request(config.lease_connect, kind, arguments)
    return see_through(config, operation_id, report, make_runner)


def see_through(
    config: AskingConfig, operation_id: int, report: Report, make_runner: MakeRunner
) -> operations.Operation:
    """Wait until the stream has done it, or do it here as soon as no stream holds the lease."""
    told = False
    while True:
        operation = operations.read(config.lease_connect, operation_id)
        if operation.state != "requested":
            return operation
        try:
            with leased(config, STREAM_LEASE) as lease:
                report(f"no stream runs: doing operation {operation_id} here")
                session = leased_session("adlake operation", config, lease)
                try:
                    make_runner(session).run_all()
                finally:
                    session.stop()
        except LeaseHeldError as error:
            if not told:
                report(f"operation {operation_id} {_who_does_it(error)}")
                told = True
            time.sleep(POLL_SECONDS)


def _who_does_it(error: LeaseHeldError) -> str:
    """A stream at work does it; only for one that may be dead is there something to do."""
    if error.living:
        return f"waits for the stream ({error.living}), which does it between two batches"
    return f"waits for the stream: {error}"


@contextmanager
def leased(config: AskingConfig, name: str) -> Iterator[Lease]:
    """Hold a lease inside the block.

    Raises:
        LeaseHeldError: somebody else holds it.
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
