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
    """Ask the driver's JVM; does not come back before that answers."""
    jvm: Any = session._jvm
    factory = jvm.java.lang.management.ManagementFactory
    memory = factory.getMemoryMXBean()
    areas = {"heap": memory.getHeapMemoryUsage(), "nonheap": memory.getNonHeapMemoryUsage()}
    collected_ms = sum(
        max(0, int(one.getCollectionTime())) for one in factory.getGarbageCollectorMXBeans()
    )
    return JvmMemory(
        used={area: int(usage.getUsed()) for area, usage in areas.items()},
        most={area: int(usage.getMax()) for area, usage in areas.items() if usage.getMax() > 0},
        gc_seconds=collected_ms / 1_000,
    )
