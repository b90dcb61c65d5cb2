"""Says in one sentence what Spark says in two hundred lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from adlake.contracts.errors import AdlakeError

_CLOCK = re.compile(
    r"Expected sorted (snapshot|previous metadata) log entries"
    r"|Invalid (snapshot|update) timestamp \d+: before"
)
CAUSE = re.compile(r"^Caused by: (.+)$", re.MULTILINE)


class SparkFailedError(AdlakeError):
    """A job of Spark failed: what was not done, and the cause below all others."""


@contextmanager
def named_spark_errors(not_done: str) -> Iterator[None]:
    """What fails in Spark inside the block is raised as one sentence; `not_done` begins it.

    Raises:
        SparkFailedError: with the exception of Spark as its cause.
    """
    try:
        yield
    except (Py4JJavaError, PySparkException) as error:
        raise SparkFailedError(f"{not_done}: {deepest_cause(str(error))}") from error


def deepest_cause(text: str) -> str:
    """The last `Caused by` of a Java stack trace; without one, its first line with words."""
    if _CLOCK.search(text):
        return (
            "the clock of this machine was set back, and Iceberg refuses a commit that is older "
            "than the last one: set the clock right, or wait until it has caught up, then run "
            "this again"
        )
    causes = CAUSE.findall(text)
    if causes:
        return str(causes[-1])
    return next((line.strip() for line in text.splitlines() if line.strip()), "no reason given")
