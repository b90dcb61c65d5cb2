"""Keeps the alert log up to date: as windows end, and on demand as an operation of the stream."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Final

from pyspark.sql import SparkSession

from adlake.alerts.build import build_alerts
from adlake.alerts.memory import Memory
from adlake.alerts.until import ReadUntil
from adlake.contracts import stamps
from adlake.contracts.tables import ALERT_INCIDENTS, ALERTS_LOG
from adlake.contracts.windows import EARLY_MS, WINDOW_MS
from adlake.io.iceberg.table import IcebergTable
from adlake.io.kafka.topic import TopicError
from adlake.io.postgres.operations import BUILD_ALERTS, Operation
from adlake.streaming.config import rest_after
from adlake.streaming.operations import Handler, Pause, RepeatableHandler

log = logging.getLogger(__name__)

MOST_OF_THE_TIME: Final = 0.05
"""What builds of every window may take: they grow with the history of a lake."""
MOST_WHEN_NEW: Final = 0.2
"""What those may take that judge new windows alone; they hardly grow."""
LOOK_SECONDS: Final = 5.0
"""Between two questions how far the topics have been read, once a cutoff has passed."""
WriteRules = Callable[[SparkSession], object]
"""Brings dims.alert_rules up to the rules that hold."""


class AlertKeeper:
    """Builds the log once the topics have been read past the early cutoff of one more window.

    Args:
        read_until: up to when they have been.
        write_rules: called before each build.
        now_ms: this machine's clock; it says when to ask, never what a window is judged by.
    """

    def __init__(
        self,
        read_until: ReadUntil,
        write_rules: WriteRules,
        now_ms: Callable[[], int] = lambda: int(time.time() * 1_000),
    ) -> None:
        self._read_until = read_until
        self._write_rules = write_rules
        self._now_ms = now_ms
        self._next_look = float("-inf")
        self._memory = Memory()
        self._built: int | None = None
        """Windows that had been judged at the newest build; None: nobody has looked."""

    def is_due(self) -> bool:
        """See `streaming.config.Keeper`."""
        if self._built is not None and judged(self._now_ms()) <= self._built:
            return False
        return time.monotonic() >= self._next_look

    def run(self, session: SparkSession, turn: AbstractContextManager[object]) -> None:
        """See `streaming.config.Keeper`."""
        self._next_look = time.monotonic() + LOOK_SECONDS
        if self._built is None:
            self._built = _built(session, self._now_ms())
        try:
            until_ms = self._read_until(session)
        except TopicError as error:
            log.warning("no window is judged until the broker answers: %s", error)
            return
        if until_ms is None or judged(until_ms) <= self._built:
            return
        began = time.monotonic()
        with turn:
            self._write_rules(session)
        built = build_alerts(session, until_ms, turn, self._memory)
        self._built = judged(until_ms)
        seconds = time.monotonic() - began
        most = MOST_OF_THE_TIME if built.is_whole else MOST_WHEN_NEW
        self._next_look = time.monotonic() + rest_after(seconds, most)
        log.info("KPI alerts: %s (%.1f s)", built.words, seconds)


class AlertsHandler(RepeatableHandler):
    """Builds both tables at once, whatever they hold."""

    def __init__(self, read_until: ReadUntil, write_rules: WriteRules) -> None:
        self._read_until = read_until
        self._write_rules = write_rules

    def carry_out(self, session: SparkSession, operation: Operation, pause: Pause) -> str:
        """See `streaming.operations.Handler`."""
        until_ms = self._read_until(session)
        if until_ms is None:
            return "nothing to judge yet: the tables have no record of some partition"
        self._write_rules(session)
        return build_alerts(session, until_ms).words


def judged(until_ms: int) -> int:
    """How many windows since 1970 have passed their early cutoff."""
    return (until_ms - EARLY_MS) // WINDOW_MS


def alert_handlers(read_until: ReadUntil, write_rules: WriteRules) -> Mapping[str, Handler]:
    """By kind of operation."""
    return {BUILD_ALERTS: AlertsHandler(read_until, write_rules)}


def _built(session: SparkSession, now_ms: int) -> int:
    # A driver that ended between the two commits has left the second table behind.
    found = [IcebergTable(session, name).newest_stamp() for name in (ALERTS_LOG, ALERT_INCIDENTS)]
    # Of a new lake nothing arrived in time before it began.
    if found == [None, None]:
        return judged(now_ms)
    until = [0 if one is None else int(one.properties[stamps.READ_UNTIL_MS]) for one in found]
    return judged(min(until))
