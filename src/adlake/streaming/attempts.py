"""Trying a batch again after a fault, from what the tables say, and knowing when not to."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from py4j.protocol import Py4JNetworkError
from pyspark.sql import DataFrame

from adlake.io.postgres.sqlstate import is_fenced
from adlake.streaming.batch import BatchProcessor
from adlake.streaming.clock_wait import ClockWait, never_behind
from adlake.streaming.reread import SecondReader, is_unreadable
from adlake.streaming.source import UnsafeSourceError

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 4
"""A batch is tried this often before the job stops and says why."""
RETRY_SECONDS = 2.0
"""Pause before the second attempt; each further one waits twice as long."""


def is_final(error: Exception) -> bool:
    """Trying again cannot help: another writer took over, another topic, or no JVM is left."""
    is_lasting = isinstance(error, (UnsafeSourceError, Py4JNetworkError, ConnectionError))
    return is_lasting or is_fenced(error)


class Attempts:
    """Processes batches, each in up to MAX_ATTEMPTS attempts.

    `stopping` cuts the pauses short; a batch that fails while the job stops is left to the next
    run, unless the lease is lost: then it is somebody else's. A batch whose times Spark cannot read
    is read again by the second reader, once. What the clock of the machine makes fail is no
    attempt: it is waited for.
    """

    def __init__(
        self,
        stopping: threading.Event,
        has_lost_lease: Callable[[], bool],
        clock: ClockWait | None = None,
    ) -> None:
        self._stopping = stopping
        self._has_lost_lease = has_lost_lease
        self._clock = clock or never_behind()

    def process(
        self,
        processor: BatchProcessor,
        records: DataFrame,
        batch_id: int,
        reader: SecondReader | None = None,
    ) -> None:
        """Bring both tables up to the end of these records, or raise the last error."""
        read = _Read(processor, records, batch_id, reader)
        attempt, has_failed = 1, False
        while True:
            try:
                if has_failed:
                    # Whether the failed commit was applied is unknown: the stamps know.
                    processor.refresh()
                read.process()
            except Exception as error:
                has_failed = True
                if self._is_left(batch_id, error):
                    return
                attempt += self._pause(read, batch_id, error, attempt)
                if self._is_left(batch_id, error):
                    return
            else:
                return

    def _pause(self, read: _Read, batch_id: int, error: Exception, attempt: int) -> int:
        """Wait before the next attempt; returns how much this one counts.

        Raises the error itself when there shall be no further one.
        """
        if self._has_lost_lease() or is_final(error):
            raise error
        if self._clock.is_behind():
            if not self._clock.passes():
                self._stopping.set()
            return 0
        if attempt == MAX_ATTEMPTS:
            raise error
        if not read.is_to_be_repeated_after(error):
            log.warning("batch %d failed (attempt %d): %s", batch_id, attempt, error)
            self._stopping.wait(RETRY_SECONDS * 2 ** (attempt - 1))
        return 1

    def _is_left(self, batch_id: int, error: Exception) -> bool:
        if not self._stopping.is_set() or self._has_lost_lease():
            return False
        log.warning("batch %d is left to the next run: %s", batch_id, error)
        return True


class _Read:
    """The records of one batch: as Spark reads them, then as the second reader does."""

    def __init__(
        self,
        processor: BatchProcessor,
        records: DataFrame,
        batch_id: int,
        reader: SecondReader | None,
    ) -> None:
        self._processor = processor
        self._records = records
        self._batch_id = batch_id
        self._reader = reader
        self._unreadable: Exception | None = None
        """What Spark said of the times; the second reader reads from then on."""

    def process(self) -> None:
        records, is_exact = self._records, self._reader is None
        if self._unreadable is not None and self._reader is not None:
            contained, is_exact = self._processor.contained_in_all, True
            try:
                records = self._reader.frame(records.sparkSession, self._batch_id, contained)
            except Exception as error:
                # Spark's own log leaves it out (infra/spark/log4j2.properties): it matters now.
                raise error from self._unreadable
        self._processor.process(records, self._batch_id, has_exact_times=is_exact)

    def is_to_be_repeated_after(self, error: Exception) -> bool:
        """Turns to the second reader when the first one failed by the times of the records."""
        if self._reader is None or self._unreadable is not None or not is_unreadable(error):
            return False
        self._unreadable = error
        return True
