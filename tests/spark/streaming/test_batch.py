"""One micro-batch after the other into both tables: repeats, restarts, faults between commits."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from zlib import crc32

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.attribution.pipeline import AttributionPipeline
from adlake.attribution.writer import GoldWriter
from adlake.contracts import stamps
from adlake.contracts.tables import BRONZE_EVENTS, GOLD_STATE
from adlake.io import failpoints
from adlake.io.iceberg.ddl import provision_tables
from adlake.io.iceberg.stamp import LastRecord
from adlake.io.iceberg.table import IcebergTable
from adlake.io.postgres.source_incarnations import SourceIncarnation
from adlake.streaming import attempts
from adlake.streaming.attempts import Attempts
from adlake.streaming.batch import BatchProcessor
from adlake.streaming.repair import catch_up
from adlake.streaming.reread import InexactTimesError, SecondReader
from adlake.streaming.source import TopicRecreatedError
from tests.fixtures.engine import attribution_processor
from tests.fixtures.lawful_rows import admitted_deliveries, differences, python_rows, spark_rows
from tests.fixtures.rollups import (
    conversions_of_lake,
    conversions_of_law,
    hours_of_lake,
    hours_of_law,
)
from tests.fixtures.sessions import lake_at
from tests.fixtures.tiers import in_tiers
from tests.golden import DeliveryFixture, law_cases

pytestmark = pytest.mark.spark

_SCHEMA = (
    "value binary, kafka_topic string, kafka_partition int, kafka_offset bigint, "
    "kafka_key binary, ingest_ms bigint"
)
EVERYTHING = [delivery for case in law_cases() for delivery in case.deliveries]
FIRST, SECOND, THIRD = EVERYTHING[:40], EVERYTHING[40:80], EVERYTHING[80:]


@pytest.fixture
def lakehouse(spark: SparkSession, tmp_path: Path) -> Iterator[SparkSession]:
    session = lake_at(spark, tmp_path)
    yield session
    failpoints.arm("", tmp_path, None)


def processor(session: SparkSession, source: SourceIncarnation | None = None) -> BatchProcessor:
    return attribution_processor(session, source)


def records(
    session: SparkSession, deliveries: Sequence[DeliveryFixture], label: str = "ad_events"
) -> DataFrame:
    """Kafka records; partition and offset as in the truth table, which numbers them uniquely."""
    rows = [
        (bytearray(d.payload), label, d.partition, d.offset, b"k", d.ingest_ms) for d in deliveries
    ]
    frame = session.createDataFrame(rows, _SCHEMA)
    return frame.withColumn("ingest_ts", F.timestamp_millis("ingest_ms")).drop("ingest_ms")


def assert_lawful(session: SparkSession, deliveries: Sequence[DeliveryFixture]) -> None:
    """Bronze has each delivery once, Gold is the law of all of them, and so are its sums."""
    bronze = session.table(f"lakehouse.{BRONZE_EVENTS}")
    assert bronze.count() == len(deliveries)
    assert bronze.select("kafka_partition", "kafka_offset").distinct().count() == len(deliveries)
    gold = spark_rows(session.table(f"lakehouse.{GOLD_STATE}"))
    admitted = admitted_deliveries(deliveries)
    assert differences(python_rows(admitted), gold) == []
    assert hours_of_lake(session) == hours_of_law(admitted)
    assert conversions_of_lake(session) == conversions_of_law(admitted)


@pytest.mark.chaos
def test_a_gold_that_outlived_its_bronze_names_the_new_one_once_that_holds_as_much(
    lakehouse: SparkSession,
) -> None:
    one = processor(lakehouse)
    one.process(records(lakehouse, FIRST), 0)
    one.process(records(lakehouse, SECOND), 1)
    lakehouse.sql(f"DROP TABLE lakehouse.{BRONZE_EVENTS}")
    provision_tables(lakehouse)
    gold, bronze = (IcebergTable(lakehouse, name) for name in (GOLD_STATE, BRONZE_EVENTS))
    before = gold.newest_stamp()
    again = processor(lakehouse)
    again.process(records(lakehouse, FIRST), 0)
    assert gold.newest_stamp() == before
    again.process(records(lakehouse, SECOND), 1)
    after = gold.newest_stamp()
    assert before is not None
    assert after is not None
    assert after.next_offsets == before.next_offsets
    assert bronze.holds_snapshot(int(after.properties[stamps.BRONZE_SNAPSHOT]))
    assert_lawful(lakehouse, [*FIRST, *SECOND])
    again.process(records(lakehouse, SECOND), 2)
    assert gold.newest_stamp() == after


def test_batches_that_overlap_are_applied_once(lakehouse: SparkSession) -> None:
    one = processor(lakehouse)
    one.process(records(lakehouse, FIRST), 0)
    one.process(records(lakehouse, FIRST), 0)
    one.process(records(lakehouse, [*FIRST, *SECOND]), 1)
    assert_lawful(lakehouse, [*FIRST, *SECOND])
    # A new driver counts its batches from 0 again and reads from an older offset.
    processor(lakehouse).process(records(lakehouse, [*SECOND, *THIRD]), 0)
    assert_lawful(lakehouse, EVERYTHING)
    newest = IcebergTable(lakehouse, BRONZE_EVENTS).newest_stamp()
    assert newest is not None
    assert newest.last_records == last_of(EVERYTHING)


def last_of(deliveries: Sequence[DeliveryFixture]) -> dict[int, LastRecord]:
    """The record with the highest offset of each partition."""
    last = {d.partition: d for d in sorted(deliveries, key=lambda d: d.offset)}
    return {p: LastRecord(d.offset, d.ingest_ms, crc32(d.payload)) for p, d in last.items()}


PLACES = ("bronze.after_commit", "gold.after_append", "gold.after_commit")


@pytest.mark.parametrize("place", in_tiers(PLACES, PLACES[1:2]))
def test_a_batch_that_failed_anywhere_is_tried_again_from_the_stamps(
    lakehouse: SparkSession, tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "RETRY_SECONDS", 0.0)
    failpoints.arm(f"{place}=raise", tmp_path / "markers", None)
    run = Attempts(threading.Event(), has_lost_lease=lambda: False)
    run.process(processor(lakehouse), records(lakehouse, FIRST), 0)
    assert (tmp_path / "markers" / f"{place}.raise.None").exists()
    assert_lawful(lakehouse, FIRST)


def test_a_fault_that_stays_is_raised_after_the_last_attempt(
    lakehouse: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "RETRY_SECONDS", 0.0)
    failpoints.arm("batch.start=raise_always", tmp_path / "markers", None)
    tried: list[int] = []

    class Counted:
        def refresh(self) -> None:
            tried.append(1)

        def process(self, frame: DataFrame, batch_id: int, **how: bool) -> Any:  # noqa: ANN401
            return processor(lakehouse).process(frame, batch_id, **how)

    run = Attempts(threading.Event(), has_lost_lease=lambda: False)
    with pytest.raises(failpoints.FailpointError):
        run.process(cast("BatchProcessor", Counted()), records(lakehouse, FIRST), 0)
    assert len(tried) == attempts.MAX_ATTEMPTS - 1


YEAR_ONE_MS = -62_135_596_800_000
ANCIENT = (*FIRST, DeliveryFixture(FIRST[0].payload, YEAR_ONE_MS, 7, 0))


class Second:
    """Stands for the second reader; remembers what it was told."""

    def __init__(self, fixtures: Sequence[DeliveryFixture]) -> None:
        self._fixtures = fixtures
        self.asked: list[tuple[int, dict[int, int]]] = []

    def frame(self, session: SparkSession, batch_id: int, contained: dict[int, int]) -> DataFrame:
        self.asked.append((batch_id, contained))
        return records(session, self._fixtures)


def test_record_times_of_another_calendar_are_read_again_before_anything_is_written(
    lakehouse: SparkSession,
) -> None:
    one = processor(lakehouse)
    shifted = [replace(d, ingest_ms=d.ingest_ms - 2 * 86_400_000) for d in ANCIENT[-1:]]
    with pytest.raises(InexactTimesError, match="before 1582"):
        one.process(records(lakehouse, [*FIRST, *shifted]), 0, has_exact_times=False)
    assert lakehouse.table(f"lakehouse.{BRONZE_EVENTS}").count() == 0
    second = Second(ANCIENT)
    run = Attempts(threading.Event(), has_lost_lease=lambda: False)
    run.process(one, records(lakehouse, [*FIRST, *shifted]), 0, reader=cast("SecondReader", second))
    assert second.asked == [(0, {})]
    assert_lawful(lakehouse, ANCIENT)
    # What Spark reads right is not read twice.
    run.process(one, records(lakehouse, SECOND), 1, reader=cast("SecondReader", second))
    assert len(second.asked) == 1
    assert_lawful(lakehouse, [*ANCIENT, *SECOND])


def test_gold_is_brought_up_to_bronze_after_a_kill_between_them(
    lakehouse: SparkSession, tmp_path: Path
) -> None:
    processor(lakehouse).process(records(lakehouse, FIRST), 0)
    failpoints.arm("bronze.after_commit=raise", tmp_path / "markers", None)
    with pytest.raises(failpoints.FailpointError):
        processor(lakehouse).process(records(lakehouse, SECOND), 1)
    catch_up(lakehouse, AttributionPipeline())
    assert_lawful(lakehouse, [*FIRST, *SECOND])
    before = GoldWriter(lakehouse).table.current_snapshot_id()
    catch_up(lakehouse, AttributionPipeline())
    assert GoldWriter(lakehouse).table.current_snapshot_id() == before, "nothing to repair"


def test_a_new_source_incarnation_counts_its_offsets_anew(
    lakehouse: SparkSession, tmp_path: Path
) -> None:
    processor(lakehouse).process(records(lakehouse, SECOND), 0)
    second = SourceIncarnation("ad_events", 2, "t2", start_offsets={0: 0})
    failpoints.arm("bronze.after_commit=raise", tmp_path / "markers", None)
    with pytest.raises(failpoints.FailpointError):
        processor(lakehouse, second).process(records(lakehouse, FIRST, second.label), 0)
    catch_up(lakehouse, AttributionPipeline())
    assert_lawful(lakehouse, [*FIRST, *SECOND])
    processor(lakehouse, second).process(records(lakehouse, FIRST, second.label), 0)
    assert_lawful(lakehouse, [*FIRST, *SECOND])


def test_nothing_is_written_when_the_topic_is_another_one(lakehouse: SparkSession) -> None:
    def recreated() -> None:
        raise TopicRecreatedError("made again")

    one = attribution_processor(lakehouse, confirm_topic=recreated)
    with pytest.raises(TopicRecreatedError):
        one.process(records(lakehouse, FIRST), 0)
    assert lakehouse.table(f"lakehouse.{BRONZE_EVENTS}").count() == 0
