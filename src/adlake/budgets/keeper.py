"""Keeps the budget tables up to the records beside the batches of the stream."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from pyspark.sql import SparkSession

from adlake.budgets.keeping import keep_budgets
from adlake.contracts import gauges
from adlake.io.prometheus.meters import Meters
from adlake.streaming.config import rest_after
from adlake.streaming.pipeline import Pipeline

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 5.0
"""Between two looks whether there are new records: one question to the catalog."""
MOST_OF_THE_TIME: Final = 0.2
"""What this work may take; the rest is the batches'."""
MOST_AT_FIRST: Final = 0.5
"""For the first step of a driver, which is cold, and for a whole build: how long they took says
nothing of the next step."""


class BudgetKeeper:
    """Brings the tables up whenever there is something new and it is its turn.

    Args:
        pipeline: admits business events.
        meters: what an operator sees of it.
        first_after_seconds: from its start to its first look. Until then a cold driver needs its
            cores for the events that wait for Gold.
        now_s: this machine's clock, for the meters alone.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        meters: Meters,
        first_after_seconds: float,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._pipeline = pipeline
        self._meters = meters
        self._now_s = now_s
        self._next_look = time.monotonic() + first_after_seconds
        self._is_cold = True

    def is_due(self) -> bool:
        """See `streaming.config.Keeper`."""
        return time.monotonic() >= self._next_look

    def run(self, session: SparkSession, turn: AbstractContextManager[object]) -> None:
        """See `streaming.config.Keeper`."""
        # Also after a failure: what cannot be done is not tried all the time.
        self._next_look = time.monotonic() + LOOK_SECONDS
        began, began_s = time.monotonic(), self._now_s()
        kept = keep_budgets(session, self._pipeline, turn)
        self._meters.put(gauges.BUDGETS_CURRENT, began_s)
        if kept is None:
            return
        seconds = time.monotonic() - began
        most = MOST_AT_FIRST if kept.is_whole or self._is_cold else MOST_OF_THE_TIME
        self._is_cold = False
        self._next_look = time.monotonic() + max(LOOK_SECONDS, rest_after(seconds, most))
        self._meters.add(gauges.BUDGETS_SECONDS, seconds)
        self._meters.add(gauges.BUDGETS_ADVERTISERS, kept.advertisers)
        log.info("budgets: %s (%.1f s)", kept.words, seconds)
