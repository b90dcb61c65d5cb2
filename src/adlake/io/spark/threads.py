"""Work of Spark side by side: while one commit waits for its catalog, another one's tasks run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pyspark import inheritable_thread_target
from pyspark.sql import SparkSession

T = TypeVar("T")


def side_by_side(session: SparkSession, works: Sequence[Callable[[], T]]) -> list[T]:
    """Do all of them at the same time; returns what each gives, in their order.

    They come to an end in any case. Of those that failed the first one's error is raised. Jobs
    belong to the query that the caller belongs to, and end with it.
    """
    if len(works) == 1:
        return [works[0]()]
    with ThreadPoolExecutor(len(works)) as pool:
        begun = [pool.submit(inheritable_thread_target(session)(work)) for work in works]
    return [one.result() for one in begun]
