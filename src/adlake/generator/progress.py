"""Tells what a worker does: one line every few seconds."""

from __future__ import annotations

import logging
import time
from typing import Final

from adlake.generator.worker import Worker

log = logging.getLogger(__name__)
REPORT_SECONDS: Final = 5.0


class Progress:
    """Logs position, speed and faults of one worker."""

    def __init__(self, label: str = "") -> None:
        self._label = f"{label}: " if label else ""
        self._last_time = time.monotonic()
        self._last_deliveries: int | None = None

    def __call__(self, worker: Worker) -> None:
        """Log a line when it is time."""
        now = time.monotonic()
        if self._last_deliveries is None:
            self._last_deliveries = worker.timeline.sent
        if now - self._last_time >= REPORT_SECONDS:
            self._log(worker, now)

    def summary(self, worker: Worker) -> None:
        """Log where the run ended."""
        truth, withheld = worker.truth(), worker.timeline.withheld
        log.info(
            "%s%s after %s events: %s impressions, %s clicked, %s converted; truth in %s",
            self._label, "finished" if truth.is_finished else "stopped",
            f"{truth.deliveries:,}", f"{truth.totals.impressions:,}",
            f"{truth.totals.clicked:,}", f"{truth.totals.converted:,}", worker.truth_dir,
        )  # fmt: skip
        if withheld:
            log.info("%sthe scenario left out %s events", self._label, f"{withheld:,}")

    def _log(self, worker: Worker, now: float) -> None:
        deliveries = worker.timeline.sent
        rate = (deliveries - (self._last_deliveries or 0)) / (now - self._last_time)
        log.info(
            "%ssent %s events, %s/s, %s acknowledged, %s faults so far, %s journeys open",
            self._label, f"{deliveries:,}", f"{rate:,.0f}", f"{worker.acked:,}",
            f"{sum(worker.timeline.totals.faults.values()):,}",
            f"{len(worker.timeline.pending):,}",
        )  # fmt: skip
        self._last_time, self._last_deliveries = now, deliveries
