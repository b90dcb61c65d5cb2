"""What Spark says in hundreds of lines, in one sentence."""

from __future__ import annotations

import pytest
from pyspark.errors import AnalysisException

from adlake.io.spark.errors import SparkFailedError, deepest_cause, named_spark_errors

TRACE = """An error occurred while calling o1.append.
: org.apache.spark.SparkException: Job aborted due to stage failure
\tat java.lang.Thread.run(Thread.java:840)
Caused by: org.example.Outer: Failed to fetch file
\tat java.lang.Thread.run(Thread.java:840)
Caused by: org.example.Inner: Checksum error: file:/a.parquet
\t... 30 more
"""


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (TRACE, "org.example.Inner: Checksum error: file:/a.parquet"),
        ("\n  [TABLE_NOT_FOUND] no such table\nmore", "[TABLE_NOT_FOUND] no such table"),
        ("", "no reason given"),
    ],
)  # fmt: skip
def test_the_cause_below_all_others_is_said(text: str, cause: str) -> None:
    assert deepest_cause(text) == cause


@pytest.mark.parametrize(
    "said",
    [
        "java.lang.IllegalArgumentException: [BUG] Expected sorted snapshot log entries.",
        "Invalid update timestamp 1764072000000: before last snapshot log entry at 1764079200000",
        "Invalid snapshot timestamp 1764072000000: before last updated timestamp 1764079200000",
    ],
)
def test_a_clock_that_was_set_back_is_named(said: str) -> None:
    assert deepest_cause(f"x\nCaused by: {said}\n").startswith("the clock of this machine was set")


def test_errors_of_spark_are_named_and_others_pass() -> None:
    with (
        pytest.raises(SparkFailedError, match=r"^not done: no table$"),
        named_spark_errors("not done"),
    ):
        raise AnalysisException("no table")
    with pytest.raises(ZeroDivisionError), named_spark_errors("not done"):
        1 // 0  # noqa: B018
