"""What batches counted goes from the stamps of Bronze into the table of batch counts, each once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from adlake.contracts import stamps
from adlake.contracts.compaction import Compaction, Due
from adlake.contracts.registry import spec_of
from adlake.contracts.tables import BATCH_COUNT_COLUMNS, BATCH_COUNTS, BRONZE_EVENTS
from adlake.io.iceberg.ddl import provision_tables
from adlake.io.iceberg.stamp import PartitionCounts, counts_text, offsets_text, parse_counts
from adlake.io.iceberg.table import IcebergTable, stamped
from adlake.io.iceberg.views import view_texts
from adlake.io.kafka.holes import OffsetRange
from adlake.io.kafka.topic import TopicError
from adlake.maintenance import batch_counts
from adlake.maintenance.batch_counts import count_mismatches, forget_lost_records
from adlake.maintenance.between_batches import compact
from adlake.streaming.broker_log import BrokerLog
from tests.fixtures.sessions import lake_at

pytestmark = pytest.mark.spark


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> SparkSession:
    return lake_at(spark, tmp_path / "warehouse")


def record_batches(lake: SparkSession, broker_log: BrokerLog | None = None) -> int:
    return batch_counts.record_batches(lake, IcebergTable(lake, BRONZE_EVENTS), broker_log)


def append_batch(
    lake: SparkSession, batch: int, first: int, *, said: int = 9, mark: int | None = None
) -> None:
    """Ten deliveries of partition 0, the first of them rejected; `said` is the admitted count.

    With `mark` it is eleven offsets, and that one has no delivery.
    """
    end = first + 10 + (mark is not None)
    counts = {0: PartitionCounts(first, end, said, 1)}
    stamp = {
        stamps.TOPIC: "ads", stamps.TOPIC_ID: "t1", stamps.LEASE_GENERATION: "3",
        stamps.BATCH_ID: str(batch), stamps.NEXT_OFFSETS: offsets_text({0: end}),
        stamps.BATCH_COUNTS: counts_text(counts),
    }  # fmt: skip
    # Every second delivery repeats the event of the one before it.
    rows = lake.sql(
        f"SELECT CAST(id DIV 2 AS STRING) AS event_id, 'i' AS impression_id, "
        f"'ads' AS kafka_topic, 0 AS kafka_partition, id AS kafka_offset, "
        f"timestamp_millis(1000 + id) AS ingest_ts, timestamp_millis(0) AS partition_ts, "
        f"CASE WHEN id = {first} THEN 'BAD_ID' END AS reject_reason "
        f"FROM range({first}, {end}) WHERE id <> {-1 if mark is None else mark}"
    )
    rows.createOrReplaceTempView("batch_rows")
    names = [field.name for field in lake.table(f"lakehouse.{BRONZE_EVENTS}").schema]
    chosen = ", ".join(name if name in rows.columns else f"NULL AS {name}" for name in names)
    with stamped(lake, stamp):
        lake.sql(f"INSERT INTO lakehouse.{BRONZE_EVENTS} SELECT {chosen} FROM batch_rows")


def hold_in_gold(lake: SparkSession, *, without: str = "") -> None:
    """Gold holds every event of Bronze but one."""
    table = "lakehouse.gold.ad_performance_state"
    found = {
        "impression_id": "impression_id",
        "events_state": "to_json(collect_set(named_struct('e', event_id)))",
        "last_updated_ts": "timestamp_millis(0)",
    }
    required = {
        "boolean": "FALSE",
        "int": "0",
        "bigint": "0",
        "decimal(18,6)": "0",
        "decimal(38,6)": "0",
    }
    chosen = ", ".join(
        f"{found.get(field.name) or required.get(field.dataType.simpleString(), 'NULL')} "
        f"AS {field.name}"
        for field in lake.table(table).schema
    )
    lake.sql(
        f"INSERT OVERWRITE {table} SELECT {chosen} FROM lakehouse.{BRONZE_EVENTS} "
        f"WHERE reject_reason IS NULL AND event_id <> '{without}' GROUP BY impression_id"
    )


def gaps(lake: SparkSession) -> list[str]:
    return [row.gap for row in lake.sql(view_texts("completeness_gaps")["spark"]).collect()]


def counted(lake: SparkSession) -> list[tuple[int, int, int, int, int, int]]:
    rows = lake.table(f"lakehouse.{BATCH_COUNTS}").orderBy("first_offset").collect()
    return [
        (r.batch_id, r.first_offset, r.admitted, r.rejected, r.bronze_rows_added, r.bronze_rows)
        for r in rows
    ]


def test_each_batch_is_recorded_once(lake: SparkSession) -> None:
    assert record_batches(lake) == 0
    append_batch(lake, 0, first=0)
    append_batch(lake, 1, first=10)
    assert record_batches(lake) == 2
    assert record_batches(lake) == 0
    append_batch(lake, 2, first=20)
    assert record_batches(lake) == 1
    assert counted(lake) == [(0, 0, 9, 1, 10, 10), (1, 10, 9, 1, 10, 20), (2, 20, 9, 1, 10, 30)]
    assert gaps(lake) == []
    hold_in_gold(lake)
    batches = lake.sql(view_texts("batch_completeness")["spark"]).collect()
    assert all(row.is_complete for row in batches)
    # 4 and 5 are one event, and so on; 0 is rejected, so 1 is the first of its event.
    assert sorted((row.applied, row.duplicates) for row in batches) == [(5, 4)] * 3


def test_an_event_that_gold_lost_leaves_its_batch_incomplete(lake: SparkSession) -> None:
    append_batch(lake, 0, first=0)
    append_batch(lake, 1, first=10)
    record_batches(lake)
    hold_in_gold(lake, without="7")
    batches = lake.sql(view_texts("batch_completeness")["spark"]).collect()
    assert [
        (row.batch_id, row.applied, row.duplicates, row.is_complete)
        for row in sorted(batches, key=lambda row: row.batch_id)
    ] == [(0, 5, 4, True), (1, 4, 4, False)]


def test_counting_goes_on_after_its_files_were_merged(
    lake: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    for batch in range(3):
        append_batch(lake, batch, first=10 * batch)
        record_batches(lake)
    few = Compaction(Due.EXPIRY, options={"min-input-files": "2"})
    compact(lake, replace(spec_of(BATCH_COUNTS), compaction=few))
    files = lake.sql(f"SELECT * FROM lakehouse.{BATCH_COUNTS}.files").count()
    assert files == 1
    append_batch(lake, 3, first=30)
    assert record_batches(lake) == 1
    assert [row[0] for row in counted(lake)] == [0, 1, 2, 3]
    assert gaps(lake) == []


def test_no_batch_is_recorded_twice_when_its_snapshot_is_gone(lake: SparkSession) -> None:
    append_batch(lake, 0, first=0)
    append_batch(lake, 1, first=10)
    record_batches(lake)
    bronze = IcebergTable(lake, BRONZE_EVENTS)
    table = bronze.java_table()
    table.manageSnapshots().rollbackTo(table.currentSnapshot().parentId()).commit()
    append_batch(lake, 1, first=10)
    record_batches(lake)
    assert [row[:2] for row in counted(lake)] == [(0, 0), (1, 10)]


def test_a_wrong_count_is_a_gap(lake: SparkSession) -> None:
    append_batch(lake, 0, first=0)
    append_batch(lake, 1, first=12, said=8)
    found, _ = IcebergTable(lake, BRONZE_EVENTS).stamps_after(None)
    assert list(count_mismatches(found)) == [
        "generation 3 batch 1, partition 0: begins at offset 12, but the one before ended at 10",
        "generation 3 batch 1, partition 0: 1 offsets have no verdict",
        "generation 3 batch 1: 9 records have a verdict, Bronze got 10 rows",
    ]
    record_batches(lake)
    assert sorted(gaps(lake)) == [
        "offsets between two batches",
        "offsets of a batch neither admitted nor rejected",
        "records counted but not written",
    ]


def transactional_batch(lake: SparkSession, batch: int, first: int) -> None:
    """Eleven offsets: ten deliveries, and a mark after the fourth of them."""
    append_batch(lake, batch, first=first, mark=first + 4)


def broker_log(*marks: int, topic_id: str = "t1") -> BrokerLog:
    def find_holes(ranges: Sequence[OffsetRange]) -> list[OffsetRange]:
        return [one for one in ranges if set(range(one.first, one.next)) <= set(marks)]

    return BrokerLog("ads", topic_id, find_holes)


def empty(lake: SparkSession) -> list[tuple[int, int]]:
    rows = lake.table(f"lakehouse.{BATCH_COUNTS}").orderBy("first_offset").collect()
    return [(row.empty_before, row.empty_within) for row in rows]


def test_offsets_that_the_broker_calls_empty_are_no_gap_and_are_recorded(
    lake: SparkSession, caplog: pytest.LogCaptureFixture
) -> None:
    transactional_batch(lake, 0, first=0)
    transactional_batch(lake, 1, first=12)
    transactional_batch(lake, 2, first=24)
    assert record_batches(lake, broker_log(4, 11, 16, 23, 28)) == 3
    assert empty(lake) == [(0, 1), (1, 1), (1, 1)]
    transactional_batch(lake, 3, first=36)
    record_batches(lake, broker_log(35, 40))
    assert empty(lake)[3:] == [(1, 1)], "also across two recordings"
    assert gaps(lake) == []
    assert "ERROR" not in {record.levelname for record in caplog.records}
    hold_in_gold(lake)
    batches = lake.sql(view_texts("batch_completeness")["spark"]).collect()
    assert [(row.offsets, row.empty_offsets, row.is_complete) for row in batches] == [
        (11, 1, True)
    ] * 4


def test_a_lost_record_among_marks_is_a_gap(
    lake: SparkSession, caplog: pytest.LogCaptureFixture
) -> None:
    transactional_batch(lake, 0, first=0)
    transactional_batch(lake, 1, first=13)
    record_batches(lake, broker_log(11))  # 4 and 12 hold records, as the broker says
    assert empty(lake) == [(0, 0), (0, 0)]
    assert sorted(gaps(lake)) == [
        "offsets between two batches",
        *["offsets of a batch neither admitted nor rejected"] * 2,
    ]
    assert caplog.text.count("1 offsets have no verdict") == 2
    assert "begins at offset 13, but the one before ended at 11" in caplog.text


def test_only_the_log_that_the_broker_has_now_is_asked_about(lake: SparkSession) -> None:
    transactional_batch(lake, 0, first=0)
    record_batches(lake, broker_log(4, topic_id="made again"))
    assert empty(lake) == [(0, 0)]
    assert gaps(lake) == ["offsets of a batch neither admitted nor rejected"]


def test_counts_wait_for_a_broker_that_is_away_and_nobody_asks_when_nothing_is_missing(
    lake: SparkSession,
) -> None:
    def is_away(_ranges: Sequence[OffsetRange]) -> list[OffsetRange]:
        raise TopicError("Kafka does not answer")

    away = BrokerLog("ads", "t1", is_away)
    append_batch(lake, 0, first=0)
    assert record_batches(lake, away) == 1
    transactional_batch(lake, 1, first=10)
    with pytest.raises(TopicError):
        record_batches(lake, away)
    assert len(counted(lake)) == 1
    record_batches(lake, broker_log(14))
    assert empty(lake) == [(0, 0), (0, 1)]


def test_an_older_table_of_counts_gets_its_new_columns_and_keeps_its_rows(
    lake: SparkSession,
) -> None:
    append_batch(lake, 0, first=0)
    record_batches(lake)
    name = f"lakehouse.{BATCH_COUNTS}"
    lake.sql(f"ALTER TABLE {name} DROP COLUMNS (empty_before, empty_within)")
    provision_tables(lake)
    assert lake.table(name).columns == list(BATCH_COUNT_COLUMNS)
    assert gaps(lake) == []
    transactional_batch(lake, 1, first=10)
    record_batches(lake, broker_log(14))
    assert empty(lake) == [(None, None), (0, 1)]
    assert gaps(lake) == []
    provision_tables(lake)


def test_rows_that_vanish_are_a_gap(lake: SparkSession) -> None:
    append_batch(lake, 0, first=0)
    lake.sql(f"DELETE FROM lakehouse.{BRONZE_EVENTS} WHERE kafka_offset < 5")
    append_batch(lake, 1, first=10)
    found, _ = IcebergTable(lake, BRONZE_EVENTS).stamps_after(None)
    alarm = "generation 3 batch 1: Bronze had 10 rows, got 10 and has 15 now"
    assert list(count_mismatches(found)) == [alarm]
    assert list(count_mismatches(found[1:], found[0])) == [alarm], "also across two recordings"
    record_batches(lake)
    hold_in_gold(lake)
    assert gaps(lake) == ["rows of Bronze changed between two batches"]
    batches = lake.sql(view_texts("batch_completeness")["spark"]).collect()
    assert [
        (row.batch_id, row.is_complete) for row in sorted(batches, key=lambda row: row.batch_id)
    ] == [(0, False), (1, True)]


def test_the_batches_of_a_lost_bronze_are_forgotten_once_a_new_one_begins(
    lake: SparkSession,
) -> None:
    append_batch(lake, 0, first=0)
    append_batch(lake, 1, first=10)
    record_batches(lake)
    forget_lost_records(lake, IcebergTable(lake, BRONZE_EVENTS), "ads")
    table = IcebergTable(lake, BATCH_COUNTS)
    assert table.row_count() == 2, "Bronze is there"
    lake.sql(f"DROP TABLE lakehouse.{BRONZE_EVENTS} PURGE")
    provision_tables(lake)
    forget_lost_records(lake, IcebergTable(lake, BRONZE_EVENTS), "ads")
    assert table.row_count() == 0
    append_batch(lake, 0, first=0)
    record_batches(lake)
    hold_in_gold(lake)
    assert table.row_count() == 1
    assert gaps(lake) == []


def test_counts_survive_their_text_form() -> None:
    counts = {1: PartitionCounts(5, 9, 3, 1), 0: PartitionCounts(0, 1, 0, 1)}
    assert counts_text(counts) == '{"0":[0,1,0,1],"1":[5,9,3,1]}'
    assert parse_counts(counts_text(counts)) == counts
