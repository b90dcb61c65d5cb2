"""What the JVM of a session says of its memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyspark.sql import SparkSession


@dataclass(frozen=True)
class JvmMemory:
    """Bytes by area (heap, nonheap), and the seconds spent in garbage collection."""

    used: dict[str, int]
    most: dict[str, int]
    """Areas without a limit are absent."""
    gc_seconds: float


def jvm_memory(session: SparkSession) -> JvmMemory:
    """Ask the driver's JVM; does not come back before that answers.

    Java's own beans are closed to reflection, by which Python calls; these gauges of a library that
    Spark ships are open.
    """
    jvm: Any = session._jvm
    gauges = jvm.com.codahale.metrics.jvm
    usage = gauges.MemoryUsageGaugeSet().getMetrics()
    collections = gauges.GarbageCollectorMetricSet().getMetrics()
    areas = {"heap": "heap", "nonheap": "non-heap"}
    used = {area: int(usage[f"{name}.used"].getValue()) for area, name in areas.items()}
    most = {area: int(usage[f"{name}.max"].getValue()) for area, name in areas.items()}
    times = [collections[name].getValue() for name in collections if name.endswith(".time")]
    return JvmMemory(
        used=used,
        most={area: limit for area, limit in most.items() if limit > 0},
        gc_seconds=sum(max(0, int(one)) for one in times) / 1_000,
    )
