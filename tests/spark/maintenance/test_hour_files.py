"""Merging files of records beside commits: no row changes, no reader of snapshots notices."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, SparkSession

from adlake.contracts import stamps
from adlake.contracts.compaction import SmallFiles
from adlake.contracts.registry import TableSpec, spec_of
from adlake.contracts.tables import BRONZE_EVENTS, BUSINESS_EVENTS
from adlake.io.iceberg.expiry import expire_snapshots
from adlake.io.iceberg.stamp import PartitionCounts, counts_text, offsets_text
from adlake.io.iceberg.table import IcebergTable, stamped
from adlake.io.spark.session import CatalogAccess, connect_catalog
from adlake.maintenance.batch_counts import count_mismatches, record_batches
from adlake.maintenance.hour_files import merge_slice
from tests.fixtures.sessions import lake_at

pytestmark = pytest.mark.spark
ROWS = 12
"""Of a commit, in three hours."""
MANY = 100
"""So many scans show whether they grow."""


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> SparkSession:
    return lake_at(spark, tmp_path / "warehouse")


def small(name: str, at_least: int = 3) -> TableSpec:
    """The entry of a table with hours that are merged when they have a few files."""
    spec = spec_of(name)
    assert spec.compaction is not None
    assert spec.compaction.hours is not None
    hours = replace(
        spec.compaction.hours,
        open=SmallFiles(spec.compaction.hours.open.below_bytes, at_least),
        closed=SmallFiles(spec.compaction.hours.closed.below_bytes, at_least),
    )
    return replace(spec, compaction=replace(spec.compaction, hours=hours))


def commit(session: SparkSession, name: str, number: int) -> None:
    """As the sink of records appends: a file of each hour, stamped."""
    first, end = number * ROWS, (number + 1) * ROWS
    rows = session.sql(
        "SELECT 'ads' AS kafka_topic, 0 AS kafka_partition, id AS kafka_offset, "
        "CAST(id AS STRING) AS event_id, concat('payload ', id) AS raw_payload, "
        "timestamp_millis(7200000 + id) AS ingest_ts, "
        "timestamp_millis(3600000 * (id % 3)) AS partition_ts, "
        f"1 AS contract_version FROM range({first}, {end})"
    )
    names = session.table(f"lakehouse.{name}").columns
    stamp = {
        stamps.TOPIC: "ads", stamps.TOPIC_ID: "t", stamps.LEASE_GENERATION: "1",
        stamps.BATCH_ID: str(number), stamps.NEXT_OFFSETS: offsets_text({0: end}),
        stamps.BATCH_COUNTS: counts_text({0: PartitionCounts(first, end, ROWS, 0)}),
    }  # fmt: skip
    with stamped(session, stamp):
        chosen = (one if one in rows.columns else f"NULL AS {one}" for one in names)
        rows.selectExpr(*chosen).coalesce(1).writeTo(f"lakehouse.{name}").append()


def fingerprint(rows: DataFrame) -> tuple[Any, ...]:
    """Rows and the sum of their hashes over every column."""
    hashed = "xxhash64(" + ", ".join(rows.columns) + ")"
    row = rows.selectExpr("count(*)", f"sum(CAST({hashed} AS DECIMAL(38, 0)))").first()
    return tuple(row or ())


def files_of(session: SparkSession, name: str) -> list[Path]:
    rows = session.table(f"lakehouse.{name}.files").select("file_path").collect()
    return [Path(urlsplit(row.file_path).path) for row in rows]


def offsets(rows: DataFrame) -> list[int]:
    return sorted(row.kafka_offset for row in rows.select("kafka_offset").collect())


@pytest.mark.parametrize(
    ("commits", "compactions"),
    [
        (12, 3),
        pytest.param(2_000, 200, marks=[pytest.mark.chaos, pytest.mark.timeout(3_600)]),
    ],
)
def test_compactions_between_commits_change_no_row_and_no_stamp(
    lake: SparkSession, commits: int, compactions: int
) -> None:
    table, spec, merged, pinned = IcebergTable(lake, BRONZE_EVENTS), small(BRONZE_EVENTS), 0, []
    scans: list[float] = []
    for number in range(commits):
        commit(lake, BRONZE_EVENTS, number)
        if (number + 1) % (commits // compactions):
            continue
        head, before = table.current_snapshot_id(), fingerprint(lake.table(table.full_name))
        assert head is not None
        assert before[0] == ROWS * (number + 1)
        merged += merge_slice(lake, spec)
        began = time.monotonic()
        assert fingerprint(lake.table(table.full_name)) == before
        scans.append(time.monotonic() - began)
        newest = table.newest_stamp()
        assert newest is not None
        assert newest.next_offsets == {0: ROWS * (number + 1)}
        assert newest.snapshot_id == head, "the stamp stays where it was, below the merge"
        assert table.current_snapshot_id() != head
        pinned.append((head, before))
    assert merged >= 2 * commits, "the two open hours have a file of each commit"
    for file in files_of(lake, BRONZE_EVENTS):
        pq.read_table(file, partitioning=None)
    for head, before in pinned[-20:]:
        assert fingerprint(table.at(head)) == before, "who pinned a snapshot reads it to its end"
    assert len(files_of(lake, BRONZE_EVENTS)) < 3 * 40
    rows = offsets(lake.table(table.full_name))
    assert rows == list(range(ROWS * commits))
    if len(scans) >= MANY:
        fifth = len(scans) // 5
        first, last = sorted(scans[:fifth])[fifth // 2], sorted(scans[-fifth:])[fifth // 2]
        assert last < 2 * first + 0.5, f"a scan took {first:.2f} s, then {last:.2f} s"


def test_who_reads_what_snapshots_appended_does_not_notice_a_merge(lake: SparkSession) -> None:
    table, spec = IcebergTable(lake, BUSINESS_EVENTS), small(BUSINESS_EVENTS)
    for number in range(3):
        commit(lake, BUSINESS_EVENTS, number)
    first_batch = next(reversed(list(table.stamps()))).snapshot_id
    assert record_batches(lake, table) == 3
    slices = [merge_slice(lake, spec) for _ in range(3)]
    assert slices == [6, 3, 0], (
        "three files of each hour: first the two open hours, then the closed"
    )
    after_merge = table.current_snapshot_id()
    assert after_merge is not None
    assert offsets(table.between(first_batch, after_merge)) == list(range(ROWS, 3 * ROWS))
    commit(lake, BUSINESS_EVENTS, 3)
    head = table.current_snapshot_id()
    assert head is not None
    assert offsets(table.between(first_batch, head)) == list(range(ROWS, 4 * ROWS))
    assert offsets(table.between(after_merge, head)) == list(range(3 * ROWS, 4 * ROWS))
    assert merge_slice(lake, spec) == 0, "one merged and one small file an hour are few"
    found, is_gapless = table.stamps_after(first_batch)
    assert is_gapless
    assert list(count_mismatches(found, table.counted_stamp(first_batch))) == []
    assert record_batches(lake, table) == 1


def test_a_merged_file_is_zstd_and_in_the_order_of_the_topic(lake: SparkSession) -> None:
    for number in (2, 0, 1):
        commit(lake, BRONZE_EVENTS, number)
    for _ in range(2):
        merge_slice(lake, small(BRONZE_EVENTS))
    files = files_of(lake, BRONZE_EVENTS)
    assert len(files) == 3
    for file in files:
        found = pq.ParquetFile(file)
        column = found.metadata.row_group(0).column(0)
        assert column.compression == "ZSTD"
        kept = found.read(columns=["kafka_offset"])["kafka_offset"].to_pylist()
        assert kept == sorted(kept)


def test_a_slice_is_bounded_and_the_next_one_goes_on(lake: SparkSession) -> None:
    for number in range(4):
        commit(lake, BRONZE_EVENTS, number)
    spec, rows = small(BRONZE_EVENTS), fingerprint(lake.table(f"lakehouse.{BRONZE_EVENTS}"))
    assert [merge_slice(lake, spec, most_files=3) for _ in range(5)] == [3, 3, 3, 0, 0]
    assert len(files_of(lake, BRONZE_EVENTS)) == 6
    assert fingerprint(lake.table(f"lakehouse.{BRONZE_EVENTS}")) == rows
    # The files that were merged go with the snapshots that know them, and no other file does: the
    # newest stamped one is always spared, so a batch has to come on top.
    commit(lake, BRONZE_EVENTS, 4)
    assert expire_snapshots(lake, BRONZE_EVENTS, 4_000_000_000_000, keep=1) > 0
    left = list((Path(files_of(lake, BRONZE_EVENTS)[0]).parents[1]).glob("*/*.parquet"))
    assert sorted(left) == sorted(files_of(lake, BRONZE_EVENTS))


@pytest.mark.chaos
def test_appends_beside_a_merge_never_conflict(lake: SparkSession) -> None:
    """The driver takes turns; that neither can harm the other does not hang on it."""
    for number in range(3):
        commit(lake, BRONZE_EVENTS, number)
    stopping, merged = threading.Event(), []
    other = lake.newSession()
    connect_catalog(other, CatalogAccess("hadoop", "", "", "", _warehouse(lake)))

    def merge() -> None:
        while not stopping.is_set():
            merged.append(merge_slice(other, small(BRONZE_EVENTS)))

    merging = threading.Thread(target=merge)
    merging.start()
    try:
        for number in range(3, 60):
            commit(lake, BRONZE_EVENTS, number)
    finally:
        stopping.set()
        merging.join()
    assert sum(merged) > 60
    assert offsets(lake.table(f"lakehouse.{BRONZE_EVENTS}")) == list(range(60 * ROWS))


def _warehouse(session: SparkSession) -> str:
    return str(session.conf.get("spark.sql.catalog.lakehouse.warehouse"))
