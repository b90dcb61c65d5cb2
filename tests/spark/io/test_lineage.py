"""Frozen frames: a batch's look-up must not see what the batch itself writes afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from adlake.contracts.tables import BRONZE_EVENTS
from adlake.io.iceberg.ddl import provision_tables
from adlake.io.iceberg.table import IcebergTable
from adlake.io.spark.lineage import frozen_frames
from adlake.io.spark.session import CatalogAccess, connect_catalog

pytestmark = pytest.mark.spark


def test_a_frozen_frame_keeps_its_rows_when_its_table_is_written(
    spark: SparkSession, tmp_path: Path
) -> None:
    """A persisted frame is computed anew after a write: Spark drops what was cached of a table."""
    session = spark.newSession()
    connect_catalog(session, CatalogAccess("hadoop", "", "", "", f"file://{tmp_path}"))
    provision_tables(session)
    name = IcebergTable(session, BRONZE_EVENTS).full_name
    one = (
        f"INSERT INTO {name} (kafka_topic, kafka_partition, kafka_offset, ingest_ts, partition_ts) "
        "SELECT 't', 0, {}L, current_timestamp(), current_timestamp()"
    )
    session.sql(one.format(0))
    with frozen_frames() as frames:
        frozen = frames.freeze(session.table(name).select("kafka_offset"))
        session.sql(one.format(1))
        assert [row.kafka_offset for row in frozen.collect()] == [0]
        assert session.table(name).count() == 2
        execution: Any = frozen._jdf.queryExecution()
        assert "ad_events" not in execution.analyzed().toString(), "it can still be computed anew"
