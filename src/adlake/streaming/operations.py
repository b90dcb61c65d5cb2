"""What the holder of the stream's lease does for others, between two batches.

A request is a row of the table adlake.operations (io.postgres.operations). Who can carry out which
kind is registered; the runner knows none of them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from pyspark.sql import SparkSession

from adlake.io.postgres import operations
from adlake.io.postgres.driver import DatabaseError
from adlake.io.postgres.lease import Connect
from adlake.io.postgres.operations import Operation
from adlake.io.postgres.sqlstate import is_fenced
from adlake.streaming.clock_wait import ClockWait, never_behind

log = logging.getLogger(__name__)

STEP_ASIDE_SECONDS = 0.2
LOOK_SECONDS = 2.0
"""Between two looks for a request: one indexed query, and nothing at all per batch."""

Pause = Callable[[], None]
"""Called between two steps of an operation, when batches may run."""


class Handler(Protocol):
    """Carries out one kind of operation; doing one again that is applied changes nothing."""

    def carry_out(self, session: SparkSession, operation: Operation, pause: Pause) -> str:
        """Do it; returns the result in one sentence, raises what made it fail."""

    def is_applied(self, session: SparkSession, operation: Operation) -> bool:
        """Whether the tables contain its work: only the reply may have been lost."""

    def give_up(self, session: SparkSession) -> None:
        """Let go of what was prepared for an operation that failed."""


class RepeatableHandler:
    """One whose operation costs time alone when it is done again, and prepares nothing."""

    def is_applied(self, session: SparkSession, operation: Operation) -> bool:
        """Nobody needs to know."""
        return False

    def give_up(self, session: SparkSession) -> None:
        """Nothing was prepared."""


class OperationRunner:
    """Finds requests and has them carried out in the process that holds the lease.

    `between_batches` is held while one is worked on, and let go between two of its steps;
    `on_moved` is called under it whenever the tables may be other ones soon; `renew` after each
    operation.
    """

    def __init__(
        self,
        session: SparkSession,
        connect: Connect,
        handlers: Mapping[str, Handler],
        *,
        between_batches: threading.Lock | None = None,
        on_moved: Callable[[], None] = lambda: None,
        renew: Callable[[], None] = lambda: None,
        clock: ClockWait | None = None,
    ) -> None:
        self._session = session
        self._connect = connect
        self._handlers = handlers
        self._between_batches = between_batches or threading.Lock()
        self._on_moved = on_moved
        self._renew = renew
        self._clock = clock or never_behind()
        self._looked = time.monotonic()

    def run_due(self) -> None:
        """Look for a request now and then, and carry it out before the next batch."""
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return
        try:
            operation = operations.next_open(self._connect)
            if operation is not None:
                with self._between_batches:
                    self._run(operation)
        except DatabaseError as error:
            log.warning("the catalog database is away, requests wait: %s", error)
        self._looked = time.monotonic()

    def run_all(self) -> None:
        """Carry out what a driver before this one left open."""
        with self._between_batches:
            while (operation := operations.next_open(self._connect)) is not None:
                if not self._run(operation):
                    return

    def _run(self, operation: Operation) -> bool:
        """Carry one request out and record how it ended; False: it stays open.

        What fails leaves the tables as they were, unless its last commit went through and only the
        reply was lost: then it is done. While the clock is behind nothing is begun.
        """
        if not self._clock.passes():
            return False
        number = operation.operation_id
        self._on_moved()
        log.info("operation %d: %s", number, operation.kind)
        handler = self._handlers.get(operation.kind)
        if handler is None:
            state, result = "failed", f"nobody here can do {operation.kind}: this code is older"
        else:
            try:
                state, result = "done", handler.carry_out(self._session, operation, self._let_run)
            except Exception as error:
                if is_fenced(error):
                    raise  # another driver works now, and it will find the request
                if self._clock.is_behind():
                    return self._run(operation)
                log.exception("operation %d", number)
                state, result = self._outcome(handler, operation, error)
        operations.finish(self._connect, number, state, result)
        self._renew()
        log.info("operation %d %s: %s", number, state, result)
        return True

    def _outcome(self, handler: Handler, operation: Operation, error: Exception) -> tuple[str, str]:
        # A catalog that does not answer raises here again: then the next start decides.
        if handler.is_applied(self._session, operation):
            return "done", "done, though its last reply was lost"
        try:
            handler.give_up(self._session)
        except Exception as trouble:
            log.warning("what was prepared stays until the next operation: %s", trouble)
        return "failed", str(error)[:2_000]

    def _let_run(self) -> None:
        """Whoever waits for the lock is a batch."""
        self._between_batches.release()
        time.sleep(STEP_ASIDE_SECONDS)
        self._between_batches.acquire()
        self._on_moved()
