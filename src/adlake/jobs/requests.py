"""What the holder of the attribution lease does for others, between two batches."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import psycopg
from pyspark.sql import SparkSession

from adlake.contracts.law import LawConstants
from adlake.contracts.tables import GOLD_STATE
from adlake.io import operations
from adlake.io.iceberg import REPLAY_BRANCH, IcebergTable
from adlake.io.law_store import law_version_of, read_law
from adlake.io.lease import Connect
from adlake.io.views import provision_views
from adlake.jobs.clock_wait import ClockWait, never_behind
from adlake.jobs.publication import carry_out, is_applied

log = logging.getLogger(__name__)

STEP_ASIDE_SECONDS = 0.2
LOOK_SECONDS = 2.0
"""Between two looks for a request: one indexed query, and nothing at all per batch."""


class RequestDesk:
    """Finds requests and carries them out in the process that holds the lease.

    `between_batches` is held while one is worked on, and let go between two of its steps;
    `on_moved` is called under it whenever main may be another one soon.
    """

    def __init__(
        self,
        session: SparkSession,
        connect: Connect,
        between_batches: threading.Lock | None = None,
        on_moved: Callable[[], None] = lambda: None,
        clock: ClockWait | None = None,
    ) -> None:
        self._session = session
        self._connect = connect
        self._between_batches = between_batches or threading.Lock()
        self._on_moved = on_moved
        self._clock = clock or never_behind()
        self._looked = time.monotonic()

    def law_in_force(self) -> LawConstants:
        """The law that Gold's rows are made with, by its newest stamp."""
        stamp = IcebergTable(self._session, GOLD_STATE).newest_stamp()
        return read_law(self._connect, law_version_of(stamp))

    def renew_views(self) -> None:
        """The audit views judge by the law in force; what fails here is done at the next start."""
        try:
            provision_views(self._session, self.law_in_force())
        except Exception as error:
            log.warning("the audit views still judge by another law: %s", error)

    def serve_due(self) -> None:
        """Look for a request now and then, and carry it out before the next batch."""
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return
        try:
            operation = operations.next_open(self._connect)
            if operation is not None:
                with self._between_batches:
                    self._serve(operation)
        except psycopg.Error as error:
            log.warning("the catalog database is away, requests wait: %s", error)
        self._looked = time.monotonic()

    def serve_all(self) -> None:
        """Carry out what a driver before this one left open."""
        with self._between_batches:
            while (operation := operations.next_open(self._connect)) is not None:
                if not self._serve(operation):
                    return

    def _serve(self, operation: operations.Operation) -> bool:
        """Carry one request out and record how it ended; False: it stays open.

        What fails leaves main as it was, unless its last commit went through and only the reply
        was lost: then it is done. While the clock is behind nothing is begun.
        """
        if not self._clock.passes():
            return False
        number = operation.operation_id
        self._on_moved()
        log.info("operation %d: %s", number, operation.kind)
        state = "done"
        try:
            result = carry_out(
                self._session,
                operation,
                lambda version: read_law(self._connect, version),
                self._let_batches_run,
            )
        except Exception as error:
            if "fenced:" in str(error):
                raise  # another driver works now, and it will find the request
            if self._clock.is_behind():
                return self._serve(operation)
            log.exception("operation %d", number)
            # A catalog that does not answer raises here again: then the next start decides.
            if is_applied(IcebergTable(self._session, GOLD_STATE), number):
                result = "done, though its last reply was lost"
            else:
                state, result = "failed", str(error)[:2_000]
                self._forget_branch()
        operations.finish(self._connect, number, state, result)
        self.renew_views()
        log.info("operation %d %s: %s", number, state, result)
        return True

    def _let_batches_run(self) -> None:
        """Whoever waits for the lock is a batch."""
        self._between_batches.release()
        time.sleep(STEP_ASIDE_SECONDS)
        self._between_batches.acquire()
        self._on_moved()

    def _forget_branch(self) -> None:
        """What was prepared would keep its files alive; the next operation begins anew anyhow."""
        try:
            IcebergTable(self._session, GOLD_STATE).remove_branch(REPLAY_BRANCH)
        except Exception as error:
            log.warning("branch %s stays until the next operation: %s", REPLAY_BRANCH, error)
