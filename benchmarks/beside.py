"""What is looked at while a run of the whole stack goes on: a question, and what is written."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psutil

from adlake.devstack.stack import Stack
from adlake.io.trino.client import connect
from adlake.metrics.query import run_metric
from benchmarks.canary import percentile

QUESTION: Final = "campaign_performance"
EVERY_SECONDS: Final = 10.0


@dataclass
class QuestionWatch:
    """Asks for revenue and cost of every campaign now and then, as the page does."""

    trino_port: int
    seconds: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def facts(self) -> dict[str, Any]:
        """Seconds from the question to its whole answer."""
        return {
            "metric": QUESTION, "answers": len(self.seconds),
            "p50": round(percentile(self.seconds, 0.5), 2),
            "p95": round(percentile(self.seconds, 0.95), 2),
        }  # fmt: skip

    def _ask(self) -> None:
        with connect(self.trino_port) as trino:
            while not self._stopping.wait(EVERY_SECONDS):
                began = time.monotonic()
                list(run_metric(trino, QUESTION, {}).records())
                self.seconds.append(time.monotonic() - began)


def written_bytes(stack: Stack) -> int:
    """What the stream has given to the disk since it began, also what is gone again."""
    [stream] = [one for one in stack.services() if one.name == "stream"]
    found = 0
    for process in stream.processes():
        try:
            found += process.io_counters().write_bytes
        except psutil.Error:
            continue
    return found


def disk_facts(warehouse: Path, events: int, written: int) -> dict[str, Any]:
    """Files of the lake, metadata too, and bytes for each event.

    Args:
        warehouse: folder of all tables.
        events: that it holds.
        written: see `written_bytes`.
    """
    sizes = [
        (Path(folder) / name).stat().st_size
        for folder, _, names in os.walk(warehouse)
        for name in names
    ]
    return {
        "files": len(sizes),
        "bytes_per_event": round(sum(sizes) / events, 1),
        "bytes_written_per_event": round(written / events, 1),
    }
