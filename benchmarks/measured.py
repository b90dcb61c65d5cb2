"""What the same work took each time, in one session of Spark: time, jobs, generated classes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil
from pyspark.sql import SparkSession

from benchmarks.processor import cpu_seconds
from tests.fixtures.generated_code import compiled_classes


@dataclass
class Measured:
    """Batches, builds or steps of one kind."""

    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    jobs: list[int] = field(default_factory=list)
    compiled: list[int] = field(default_factory=list)
    """Classes that Spark generated and compiled."""

    @contextmanager
    def once(self, session: SparkSession) -> Iterator[None]:
        """Measure what happens inside; the JVM and all other children of this process count."""
        here = psutil.Process()
        classes, job = compiled_classes(session), newest_job(session)
        began, cpu = time.monotonic(), cpu_seconds(here)
        yield
        self.seconds.append(time.monotonic() - began)
        self.cpu_seconds.append(cpu_seconds(here) - cpu)
        self.jobs.append(newest_job(session) - job)
        self.compiled.append(compiled_classes(session) - classes)

    def facts(self) -> dict[str, Any]:
        """Medians, and each."""
        return {
            "seconds": round(statistics.median(self.seconds), 2),
            "cpu_seconds": round(statistics.median(self.cpu_seconds), 2),
            "spark_jobs": statistics.median(self.jobs),
            "classes_compiled": statistics.median(self.compiled),
            "each": [round(one, 2) for one in self.seconds],
        }


def newest_job(session: SparkSession) -> int:
    """Number of Spark's newest job."""
    context: Any = session._jsc
    jobs = context.sc().statusStore().jobsList(None)
    return max((int(jobs.apply(i).jobId()) for i in range(jobs.size())), default=-1)
