"""Work side by side: at the same time, in the caller's query, and each to its end."""

from __future__ import annotations

from threading import Barrier
from typing import NoReturn

import pytest
from pyspark.sql import SparkSession

from adlake.io.spark.threads import side_by_side

pytestmark = pytest.mark.spark

WAITS_SECONDS = 30.0


def test_all_run_at_once_and_answer_in_their_order(spark: SparkSession) -> None:
    meeting = Barrier(3)

    def met(number: int) -> int:
        meeting.wait(WAITS_SECONDS)  # alone it would break
        return spark.range(number).count()

    assert side_by_side(spark, [lambda n=n: met(n) for n in (3, 1, 2)]) == [3, 1, 2]  # type: ignore[misc]


def test_jobs_are_of_the_group_of_the_caller(spark: SparkSession) -> None:
    context = spark.sparkContext
    context.setLocalProperty("spark.jobGroup.id", "the query")
    try:
        told = side_by_side(spark, [lambda: str(context.getLocalProperty("spark.jobGroup.id"))] * 2)
    finally:
        context.setLocalProperty("spark.jobGroup.id", None)  # type: ignore[arg-type]
    assert told == ["the query"] * 2


def test_the_first_error_is_raised_when_all_have_ended(spark: SparkSession) -> None:
    ended: list[int] = []
    meeting = Barrier(3)

    def fails(words: str) -> NoReturn:
        meeting.wait(WAITS_SECONDS)
        raise ValueError(words)

    def ends() -> None:
        meeting.wait(WAITS_SECONDS)
        spark.range(1_000).count()
        ended.append(1)

    with pytest.raises(ValueError, match="first"):
        side_by_side(spark, [ends, lambda: fails("first"), lambda: fails("second")])
    assert ended == [1]
