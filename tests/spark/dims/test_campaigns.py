"""Campaign updates on Spark: judged and versioned as in plain Python."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.dims.contract import ATTRIBUTES
from adlake.dims.rules import Update, admit
from adlake.dims.spark import ADMITTED_COLUMNS
from adlake.dims.spark import admit as spark_admit
from adlake.dims.spark_versions import UPDATE_COLUMNS, versions_of
from adlake.dims.versions import Version
from adlake.dims.versions import versions_of as plain_versions
from tests.fixtures.dims.updates import CASES, INGEST_MS, odd_payloads, random_updates

pytestmark = pytest.mark.spark

_SCHEMA = (
    "value binary, kafka_topic string, kafka_partition int, kafka_offset bigint, "
    "kafka_key binary, ingest_ms bigint"
)


def records(
    session: SparkSession, payloads: Sequence[bytes | None], first_offset: int = 0
) -> DataFrame:
    rows = [
        (None if one is None else bytearray(one), "campaign_updates", 0, first_offset + place,
         None, INGEST_MS)
        for place, one in enumerate(payloads)
    ]  # fmt: skip
    frame = session.createDataFrame(rows, _SCHEMA)
    return frame.withColumn("ingest_ts", F.timestamp_millis("ingest_ms")).drop("ingest_ms")


def judged_in_python(payload: bytes | None) -> dict[str, Any]:
    judged = admit(payload, INGEST_MS)
    said = {name: getattr(judged.update, name) for name in ("event_type", *UPDATE_COLUMNS)}
    return said | {
        "reject_reason": judged.reason and str(judged.reason),
        "reject_detail": judged.detail and str(judged.detail),
    }


@pytest.mark.parametrize("seed", [0, 1])
def test_admission_is_that_of_plain_python(spark: SparkSession, seed: int) -> None:
    payloads = [case.payload for case in CASES] if not seed else odd_payloads(seed, 2_000)
    found = spark_admit(records(spark, payloads))
    assert tuple(found.columns) == ADMITTED_COLUMNS
    rows = found.drop("value").orderBy("kafka_offset").collect()
    assert len(rows) == len(payloads)
    for payload, row in zip(payloads, rows, strict=True):
        expected = judged_in_python(payload)
        assert {name: row[name] for name in expected} == expected, payload


def frame_of(session: SparkSession, updates: Sequence[Update]) -> DataFrame:
    kinds = {"ts_ms": "bigint", "budget_micros": "bigint"}
    schema = ", ".join(f"{name} {kinds.get(name, 'string')}" for name in UPDATE_COLUMNS)
    rows = [tuple(getattr(one, name) for name in UPDATE_COLUMNS) for one in updates]
    return session.createDataFrame(rows, schema)


Row = tuple[Any, ...]


def as_row(version: Version) -> Row:
    return (
        version.campaign_key, version.campaign_id, *version.attributes, version.start_ms,
        version.end_ms, version.end_ms is None,
    )  # fmt: skip


def rows_of(versions: DataFrame) -> list[Row]:
    named = [name for name in ATTRIBUTES if name not in ("budget_micros", "status")]
    found = versions.selectExpr(
        "campaign_key", "campaign_id", *named,
        "CAST(budget_amount * 1000000 AS BIGINT)", "status", "unix_millis(start_ts)",
        "CASE WHEN end_ts < TIMESTAMP '9999-12-31 00:00:00' THEN unix_millis(end_ts) END",
        "is_current",
    )  # fmt: skip
    return sorted(tuple(row) for row in found.collect())


def test_versions_are_those_of_plain_python(spark: SparkSession) -> None:
    sets = [random_updates(random.Random(seed)) for seed in range(150)]
    apart = [
        Update(**{**vars(one), "campaign_id": f"{number}-{one.campaign_id}"})
        for number, updates in enumerate(sets)
        for one in updates
    ]
    assert rows_of(versions_of(frame_of(spark, apart))) == sorted(
        map(as_row, plain_versions(apart))
    )
