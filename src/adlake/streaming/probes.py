"""What a run asks of others every few seconds, beside its batches: broker, database, disk, JVM.

Each question has a thread of its own: one that hangs delays no batch and no other question. What
is not answered is absent from the metrics (io.prometheus.meters).
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

from pyspark.sql import SparkSession

from adlake.contracts import gauges
from adlake.io.kafka.ends import TopicEnds
from adlake.io.postgres.control_state import ControlState, control_state
from adlake.io.prometheus.meters import Meters, Sample
from adlake.io.spark.memory import jvm_memory
from adlake.streaming.config import ApplicationConfig

log = logging.getLogger(__name__)

PROBE_SECONDS = 5.0
"""Between two questions."""
FRESH_SECONDS = 3 * PROBE_SECONDS
"""How long an answer counts."""

Ask = Callable[[], Iterable[Sample]]


class Probes:
    """Asks its questions between `with` and its end."""

    def __init__(
        self, meters: Meters, questions: Mapping[str, Ask], every_seconds: float = PROBE_SECONDS
    ) -> None:
        self._meters = meters
        self._every_seconds = every_seconds
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=one, name=f"probe-{one[0]}", daemon=True)
            for one in questions.items()
        ]

    def __enter__(self) -> Self:
        """Begin to ask."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Ask no more; a question that hangs is left alone."""
        self._stopping.set()

    def _run(self, name: str, ask: Ask) -> None:
        is_answered = True
        while not self._stopping.is_set():
            try:
                samples = tuple(ask())
            except Exception as error:
                self._meters.no_answer(name)
                if is_answered and not self._stopping.is_set():
                    log.warning("no metrics of %s until it answers again: %s", name, error)
                is_answered = False
            else:
                self._meters.answer(name, samples, FRESH_SECONDS)
                is_answered = True
            self._stopping.wait(self._every_seconds)


@dataclass(frozen=True)
class TopicPlace:
    """A pipeline's place in its topic."""

    pipeline: str
    topic: str
    contained: Callable[[], Mapping[int, int] | None]
    """Partition -> the first offset that some table lacks, now; None: nobody has looked yet."""


def lag(ends: TopicEnds, places: Sequence[TopicPlace]) -> Iterator[Sample]:
    """How far each topic is written, how far it is in the lake, and the difference.

    What is contained is looked at first: a lag may be a moment too large, never too small.
    """
    before = {place.pipeline: place.contained() for place in places}
    now = ends.now()
    for place in places:
        for partition, end in sorted(now[place.topic].items()):
            labels = {
                "pipeline": place.pipeline, "topic": place.topic, "partition": str(partition),
            }  # fmt: skip
            yield Sample(gauges.END_OFFSET, end, labels)
            known = before[place.pipeline]
            if known is None:
                continue
            contained = known.get(partition, 0)
            yield Sample(gauges.CONTAINED_OFFSET, contained, labels)
            yield Sample(gauges.LAG, max(0, end - contained), labels)


def disks(folders: Mapping[str, Path]) -> Iterator[Sample]:
    """Room where the folders lie; one that is not made yet is asked of its parent."""
    for place, folder in folders.items():
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        usage = shutil.disk_usage(existing)
        yield Sample(gauges.DISK_FREE, usage.free, {"place": place})
        yield Sample(gauges.DISK_SIZE, usage.total, {"place": place})


def memory(session: SparkSession) -> Iterator[Sample]:
    """Memory of the driver's JVM."""
    found = jvm_memory(session)
    for area, used in found.used.items():
        yield Sample(gauges.HEAP_USED, used, {"area": area})
    for area, most in found.most.items():
        yield Sample(gauges.HEAP_MAX, most, {"area": area})
    yield Sample(gauges.GC_SECONDS, found.gc_seconds)


class Control:
    """Requests and leases; remembers since when it has seen a holder.

    `clock` is monotonic.
    """

    def __init__(
        self, look: Callable[[], ControlState], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._look = look
        self._clock = clock
        self._held_since: dict[tuple[str, int], float] = {}

    def __call__(self) -> Iterator[Sample]:
        """The samples of one look."""
        state, now = self._look(), self._clock()
        for waiting in state.open_requests:
            labels = {"kind": waiting.kind}
            yield Sample(gauges.OPEN_OPERATIONS, waiting.requests, labels)
            yield Sample(gauges.OPERATION_AGE, waiting.oldest_seconds, labels)
        held = {(one.lease_name, one.generation) for one in state.leases if one.is_held}
        self._held_since = {key: self._held_since.get(key, now) for key in held}
        for one in state.leases:
            labels = {"lease": one.lease_name}
            yield Sample(gauges.LEASE_GENERATION, one.generation, labels)
            since = self._held_since.get((one.lease_name, one.generation))
            if since is not None:
                yield Sample(gauges.LEASE_HELD, now - since, labels)


def questions(
    config: ApplicationConfig, session: SparkSession, places: Sequence[TopicPlace]
) -> dict[str, Ask]:
    """What a run asks, by the name of the probe."""
    ends = TopicEnds(config.brokers, [place.topic for place in places], PROBE_SECONDS)
    folders = {"home": config.place.home, "warehouse": config.place.warehouse_folder}
    return {
        "broker": partial(lag, ends, places),
        "control": Control(partial(control_state, config.lease_connect)),
        "disk": partial(disks, {name: path for name, path in folders.items() if path}),
        "jvm": partial(memory, session),
    }
