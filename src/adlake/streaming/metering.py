"""What the batches of one pipeline say of themselves (contracts.gauges)."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from adlake.contracts import gauges
from adlake.io.prometheus.meters import Meters
from adlake.streaming.batch_facts import BatchFacts
from adlake.streaming.pipeline import Written

_QUANTILES: Final = ("0.99", "0.95", "0.5")
"""In the order of `BatchFacts.ingest_ms`: 99 % of the events are younger than the oldest 1 %."""
DERIVED: Final = "derived"
"""The phase of all derived tables; left out when their writers name phases of their own."""


class BatchMeters:
    """The metrics of one pipeline; every number is one that a batch has at hand.

    Args:
        meters: where they go.
        pipeline: its name.
        clock: monotonic seconds.
    """

    def __init__(
        self, meters: Meters, pipeline: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._meters = meters
        self._pipeline = pipeline
        self._clock = clock
        self._since: float | None = None
        # From the first look on, so that the first of its kind is seen as growth.
        for metric in (gauges.BATCHES, gauges.BATCH_FAILURES, gauges.RECORDS, gauges.ADMITTED):
            meters.add(metric, 0, pipeline=pipeline)
        meters.put_computed(gauges.BATCH_RUNNING, self._running_seconds, pipeline=pipeline)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Inside, it is known for how long a batch is at work."""
        self._since = self._clock()
        try:
            yield
        finally:
            self._since = None

    @contextmanager
    def maintenance(self) -> Iterator[None]:
        """Measures what is done for the tables behind a batch."""
        started = self._clock()
        try:
            yield
        finally:
            seconds = self._clock() - started
            self._meters.add(gauges.MAINTENANCE_SECONDS, seconds, pipeline=self._pipeline)

    def attempt_failed(self) -> None:
        """An attempt of a batch failed."""
        self._meters.add(gauges.BATCH_FAILURES, pipeline=self._pipeline)

    def committed(self, table: str, committed_ms: int | None) -> None:
        """When a batch was last committed to a table; None: nobody knows."""
        if committed_ms is not None:
            said = {"pipeline": self._pipeline, "table": table}
            self._meters.put(gauges.LAST_COMMIT, committed_ms / 1_000, **said)

    def batch_done(
        self, facts: BatchFacts, seconds: Mapping[str, float], written: Mapping[str, Written]
    ) -> None:
        """A batch is in all tables.

        Args:
            facts: what it held.
            seconds: wall time by phase.
            written: derived table -> what it did there, for tables that lacked it.
        """
        meters, name = self._meters, self._pipeline
        meters.add(gauges.BATCHES, pipeline=name)
        meters.add(gauges.RECORDS, facts.rows, pipeline=name)
        meters.add(gauges.ADMITTED, facts.rows - facts.rejected, pipeline=name)
        for reason, count in facts.reasons.items():
            meters.add(gauges.REJECTED, count, pipeline=name, reason=reason)
        if self._since is not None:
            meters.observe(gauges.BATCH_SECONDS, self._clock() - self._since, pipeline=name)
        for table, done in written.items():
            for metric, value in done.counted.items():
                meters.count(metric, value, pipeline=name, table=table)
        for phase, value in _by_phase(seconds, written).items():
            meters.add(gauges.PHASE_SECONDS, value, pipeline=name, phase=phase)
        now_ms = time.time() * 1_000
        for quantile, ingest_ms in zip(_QUANTILES, facts.ingest_ms, strict=True):
            age = max(0.0, now_ms - ingest_ms) / 1_000
            meters.put(gauges.EVENT_LATENCY, age, pipeline=name, quantile=quantile)

    def _running_seconds(self) -> float:
        since = self._since
        return 0.0 if since is None else self._clock() - since


def _by_phase(seconds: Mapping[str, float], written: Mapping[str, Written]) -> dict[str, float]:
    named = Counter[str]()
    for done in written.values():
        named.update(done.seconds)
    return {name: value for name, value in seconds.items() if name != DERIVED or not named} | named
