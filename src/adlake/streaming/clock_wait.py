"""Waits where commits are refused only because this machine's clock was set back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from pyspark.sql import SparkSession

from adlake.contracts.registry import STREAM_LEASE, names_of
from adlake.io.iceberg.table import IcebergTable
from adlake.io.iceberg.table_clock import ClockBehind, clock_behind, wait_for_clock
from adlake.streaming.ready_file import WaitingNote

log = logging.getLogger(__name__)

Find = Callable[[], ClockBehind | None]
COMMITTED = names_of(lease=STREAM_LEASE, expires=True)
"""The tables that the holder of the stream's lease commits to all the time."""


class ClockWait:
    """Says whether the clock is behind, and waits until it is not.

    The reason is logged at once and then every minute; while it waits, `note` holds it for
    `adlake status`.
    """

    def __init__(
        self, find: Find, is_stopping: Callable[[], bool], note: WaitingNote | None = None
    ) -> None:
        self._find = find
        self._is_stopping = is_stopping
        self._note = note
        self._forget()

    def is_behind(self) -> bool:
        """Whether commits are refused now; unknown counts as no: then something else is wrong."""
        try:
            return self._find() is not None
        except Exception as error:
            log.debug("the times of the tables cannot be read: %s", error)
            return False

    def passes(self) -> bool:
        """Wait until commits are taken; False when the process is to stop first."""
        try:
            return wait_for_clock(self._find, self._is_stopping, self._tell)
        finally:
            self._forget()

    def _tell(self, sentence: str) -> None:
        log.warning("%s", sentence)
        if self._note is not None:
            self._note.tell(sentence)

    def _forget(self) -> None:
        if self._note is not None:
            self._note.forget()


def never_behind() -> ClockWait:
    """For callers whose tables are nobody's history."""
    return ClockWait(lambda: None, lambda: False)


def behind_tables(session: SparkSession, names: Iterable[str] = COMMITTED) -> Find:
    """How to ask whether the clock is behind one of these tables."""
    tables = [IcebergTable(session, name) for name in names]
    return lambda: clock_behind(tables)
