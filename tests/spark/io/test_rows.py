"""Rows of the driver as a frame: the same values, and no process of Python beside the JVM."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import psutil
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from adlake.io.spark.rows import frame_of
from tests.fixtures.processes import arguments_of

pytestmark = pytest.mark.spark

SCHEMA = "name string, offset bigint, share decimal(18, 9), at timestamp"
ROWS = [
    ("a\x00ä", 2**62, Decimal("0.123456789"), datetime(2026, 7, 30, 12, 0, 0, 123456, UTC)),
    (None, None, None, None),
]


def workers() -> list[str]:
    lines = [" ".join(arguments_of(one)) for one in psutil.Process().children(recursive=True)]
    return [line for line in lines if "pyspark" in line and "java" not in line]


def test_values_types_and_nulls_are_kept(spark: SparkSession) -> None:
    before = workers()
    frame = frame_of(spark, ROWS, SCHEMA)
    found = frame.withColumn("at", F.unix_micros("at")).collect()
    micros = int(ROWS[0][3].timestamp()) * 10**6 + 123456  # type: ignore[union-attr]
    assert [tuple(row) for row in found] == [(*ROWS[0][:3], micros), (None,) * 4]
    assert dict(frame.dtypes)["share"] == "decimal(18,9)"
    assert workers() == before


def test_no_rows_are_a_frame_as_well(spark: SparkSession) -> None:
    frame = frame_of(spark, [], SCHEMA)
    assert (frame.columns, frame.count()) == (["name", "offset", "share", "at"], 0)
