"""Frozen frames: a batch's look-up must not see what the batch itself writes afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from adlake.contracts.tables import BRONZE_EVENTS, CATALOG
from adlake.io.spark.lineage import frozen_frames, of_default_size
from adlake.io.spark.settings import changed_settings
from tests.fixtures.sessions import lake_at

pytestmark = pytest.mark.spark

NAME = f"{CATALOG}.{BRONZE_EVENTS}"

ONE_ROW = (
    "INSERT INTO {} (kafka_topic, kafka_partition, kafka_offset, ingest_ts, partition_ts) "
    "SELECT 't', 0, {}L, current_timestamp(), current_timestamp()"
)


@pytest.fixture
def session(spark: SparkSession, tmp_path: Path) -> SparkSession:
    """Of a lake of its own, with one record."""
    session = lake_at(spark, tmp_path)
    session.sql(ONE_ROW.format(NAME, 0))
    return session


def test_a_frozen_frame_keeps_its_rows_when_its_table_is_written(session: SparkSession) -> None:
    """A persisted frame is computed anew after a write: Spark drops what was cached of a table."""
    with frozen_frames() as frames:
        frozen = frames.freeze(session.table(NAME).select("kafka_offset"))
        session.sql(ONE_ROW.format(NAME, 1))
        assert [row.kafka_offset for row in frozen.collect()] == [0]
        assert session.table(NAME).count() == 2
        execution: Any = frozen._jdf.queryExecution()
        assert "ad_events" not in execution.analyzed().toString(), "it can still be computed anew"


@pytest.mark.parametrize("is_read_before", [True, False])
def test_a_kept_frame_is_that_of_the_moment_it_was_made(
    session: SparkSession, *, is_read_before: bool
) -> None:
    with frozen_frames() as frames:
        kept = frames.keep(session.table(NAME).select("kafka_offset"))
        if is_read_before:
            assert kept.count() == 1
        session.sql(ONE_ROW.format(NAME, 1))
        assert [row.kafka_offset for row in kept.collect()] == [0]


def test_a_kept_frame_is_computed_once_and_its_memory_given_back(session: SparkSession) -> None:
    context: Any = session.sparkContext._jsc.sc()
    before = context.getPersistentRDDs().size()
    with frozen_frames() as frames:
        kept = frames.keep(session.range(8).selectExpr("uuid() AS drawn"))
        first = sorted(row.drawn for row in kept.collect())
        assert sorted(row.drawn for row in kept.where("drawn IS NOT NULL").collect()) == first
        assert context.getPersistentRDDs().size() == before + 1
    assert context.getPersistentRDDs().size() == before


def test_the_planner_takes_a_kept_frame_for_as_large_as_it_is_told(session: SparkSession) -> None:
    with frozen_frames() as frames:
        kept = frames.keep(session.range(8).selectExpr("uuid() AS drawn"))
        drawn = sorted(row.drawn for row in kept.collect())
        with changed_settings(session, {"spark.sql.defaultSizeInBytes": "77"}):
            told = of_default_size(kept)
            execution: Any = told._jdf.queryExecution()
            assert int(str(execution.optimizedPlan().stats().sizeInBytes())) == 77
        assert sorted(row.drawn for row in told.collect()) == drawn
        assert told.schema == kept.schema
