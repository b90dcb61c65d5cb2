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
SET_BACK = (
    "the clock of this machine was set back, and Iceberg refuses a commit that is older than the "
    "last one: set the clock right, or wait until it has caught up, then run this again"
)
CAUSE = re.compile(r"^Caused by: (.+)$", re.MULTILINE)
_WITHOUT_CAUSE = re.compile(r"^: (.+)$|^(?!py4j\.)([\w.]+(?:Error|Exception): .+)$", re.MULTILINE)
"""The exception below py4j's own line; the last line of a Python trace that Java passes on."""


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
    if is_clock_set_back(text):
        return SET_BACK
    causes = CAUSE.findall(text)
    if causes:
        return str(causes[-1])
    if "Traceback (most recent call last)" in text:
        causes = [java or python for java, python in _WITHOUT_CAUSE.findall(text)]
        if causes:
            return str(causes[-1])
    return next((line.strip() for line in text.splitlines() if line.strip()), "no reason given")


def is_clock_set_back(text: str) -> bool:
    """Whether Iceberg refused a commit because the last one lies in the future."""
    return _CLOCK.search(text) is not None
