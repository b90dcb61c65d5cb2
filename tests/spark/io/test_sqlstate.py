"""A refusal of the catalog is told by its SQLSTATE, through whatever Java wraps around it."""

from __future__ import annotations

from typing import Any

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.errors.exceptions.captured import CapturedException, convert_exception
from pyspark.sql import SparkSession

from adlake.io.postgres.sqlstate import KEPT_TABLE, STALE_WRITER, is_fenced, sqlstates
from adlake.io.spark.errors import SparkFailedError, named_spark_errors
from adlake.streaming.attempts import is_final

pytestmark = pytest.mark.spark

WORDS = "none that anybody looks for"


def raised(spark: SparkSession, state: str | None, *, words: str = WORDS) -> Py4JJavaError:
    """What Iceberg's JDBC catalog throws at a commit: the database's error, two causes deep."""
    jvm: Any = spark._jvm
    refused = jvm.java.sql.SQLException(words, state)
    unknown = jvm.java.lang.RuntimeException("Unknown failure", refused)
    failed = jvm.java.util.concurrent.CompletableFuture.failedFuture(unknown)
    with pytest.raises(Py4JJavaError) as caught:
        failed.join()
    return caught.value


def test_a_fenced_commit_is_told_by_its_state(spark: SparkSession) -> None:
    error = raised(spark, STALE_WRITER)
    assert sqlstates(error) == [STALE_WRITER]
    assert is_fenced(error)
    assert is_final(error), "a fenced batch must not be tried again"


def test_an_error_that_spark_captured_keeps_its_state(spark: SparkSession) -> None:
    jvm: Any = spark._jvm
    refused = raised(spark, STALE_WRITER).java_exception
    captured = convert_exception(jvm.java.lang.IllegalArgumentException("no such batch", refused))
    assert isinstance(captured, CapturedException)
    assert is_fenced(captured)
    with pytest.raises(SparkFailedError) as named, named_spark_errors("nothing was done"):
        raise captured
    assert is_fenced(named.value)


@pytest.mark.parametrize("state", [KEPT_TABLE, "08006", None])
def test_words_and_other_states_tell_no_fence(spark: SparkSession, state: str | None) -> None:
    error = raised(spark, state, words="fenced: lease attribution is at epoch 3")
    assert not is_fenced(error)
    assert not is_final(error)
    assert not is_fenced(RuntimeError("fenced: lease attribution is at epoch 3"))
