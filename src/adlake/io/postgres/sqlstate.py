"""Tells errors of the catalog database by their SQLSTATE, whoever passes them on.

The triggers of sql/migrations raise with a state of their own class, `AL`. It is read from
psycopg's error, or from the `java.sql.SQLException` at the end of a chain of Java causes: the words
of an error are for people.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import psycopg
from py4j.java_gateway import is_instance_of
from py4j.protocol import Py4JError, Py4JJavaError
from pyspark import SparkContext
from pyspark.errors.exceptions.captured import CapturedException

KEPT_TABLE: Final = "AL001"
"""DROP or RENAME of a table that holds what cannot be had again."""
STALE_WRITER: Final = "AL002"
"""A commit by a writer that does not hold the lease any more, or by none while one holds it."""
MOST_CAUSES: Final = 50
"""A chain of causes that is longer goes in a circle."""


def is_fenced(error: BaseException) -> bool:
    """Whether the catalog refused this because another writer took over."""
    return STALE_WRITER in sqlstates(error)


def sqlstates(error: BaseException) -> list[str]:
    """Every SQLSTATE along the causes of an error, outermost first; none of a JVM that is gone."""
    return [state for one in _causes(error) for state in _states_of(one)]


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(MOST_CAUSES):
        if error is None:
            return
        yield error
        # `from` alone: what was only being handled meanwhile is no cause.
        error = error.__cause__


def _states_of(error: BaseException) -> Iterator[str]:
    if isinstance(error, psycopg.Error) and error.sqlstate:
        yield error.sqlstate
    thrown = _thrown(error)
    gateway = SparkContext._gateway
    if thrown is None or gateway is None:
        return
    try:
        for _ in range(MOST_CAUSES):
            if thrown is None:
                return
            if is_instance_of(gateway, thrown, "java.sql.SQLException"):
                yield str(thrown.getSQLState())
            thrown = thrown.getCause()
    except (Py4JError, OSError):
        return  # the JVM is gone: that is another error, which its caller tells by itself


def _thrown(error: BaseException) -> Any:  # noqa: ANN401 - a Java Throwable, or None
    if isinstance(error, Py4JJavaError):
        return error.java_exception
    return error._origin if isinstance(error, CapturedException) else None
