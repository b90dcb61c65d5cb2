"""Files that killed writers left go when they are old; nothing that anybody may read does."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from adlake.contracts.law import DAY_MS
from adlake.contracts.tables import BUSINESS_EVENTS
from adlake.io.iceberg.ddl import DDL_DIR
from adlake.io.iceberg.leftovers import remove_leftovers
from adlake.io.iceberg.table import IcebergTable
from adlake.io.spark.session import CatalogAccess, connect_catalog
from tests.spark.maintenance.test_hour_files import commit, offsets

pytestmark = pytest.mark.spark


def put(file: Path, days: float) -> Path:
    """A file of this age."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        file.write_bytes(b"left by a killed writer")
    moment = time.time() - days * 86_400
    os.utime(file, (moment, moment))
    return file


def test_only_old_files_that_nothing_names_are_removed(spark: SparkSession, tmp_path: Path) -> None:
    session = spark.newSession()
    connect_catalog(session, CatalogAccess("hadoop", "", "", "", f"file://{tmp_path}"))
    session.sql("CREATE NAMESPACE lakehouse.bronze")
    session.sql((DDL_DIR / "bronze" / "business_events.sql").read_text())
    table, folder = IcebergTable(session, BUSINESS_EVENTS), tmp_path / "bronze" / "business_events"
    for number in range(2):
        commit(session, BUSINESS_EVENTS, number)
    first = next(reversed(list(table.stamps()))).snapshot_id
    table.point_branch("staging", first)
    session.sql(f"DELETE FROM {table.full_name} WHERE kafka_offset >= 12")
    session.sql(
        f"INSERT INTO {table.branch_name('staging')} SELECT * FROM {table.full_name} "
        "WHERE kafka_offset = 5"
    )
    named = [put(file, days=40) for file in folder.rglob("*") if file.is_file()]
    hour = folder / "data" / "partition_ts_hour=1970-01-01-00"
    old = [put(hour / "00000-left.parquet", 4), put(folder / "metadata" / "left-m0.avro", 4)]
    young = put(hour / "00000-being-written.parquet", 2)
    of_a_replay = put(tmp_path / "bronze" / "business_events_replay" / "b" / "00000-x.parquet", 40)
    now_ms = int(time.time() * 1_000)
    assert remove_leftovers(session, BUSINESS_EVENTS, now_ms - 3 * DAY_MS) == 2
    assert not any(file.exists() for file in old)
    assert young.exists()
    assert of_a_replay.exists()
    assert all(file.exists() for file in named)
    assert offsets(session.table(table.full_name)) == list(range(12))
    assert offsets(session.table(table.branch_name("staging"))) == sorted([*range(12), 5])
    assert remove_leftovers(session, BUSINESS_EVENTS, now_ms - 3 * DAY_MS) == 0
