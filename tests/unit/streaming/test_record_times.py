"""Record times that Spark cannot read: told apart, read again, never taken for a loss."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq
import pytest
from kafka import TopicPartition
from pyspark.errors import PySparkException

from adlake.contracts.law import LAW_V1, MAX_EVENT_MS_EXCLUSIVE, MIN_EVENT_MS
from adlake.contracts.record_time import FIRST_INGEST_MS, GREGORIAN_MS, LAST_INGEST_MS, ingest_ms
from adlake.io.iceberg.stamp import LastRecord
from adlake.io.kafka import committed
from adlake.io.kafka import ranges as topic_range
from adlake.io.kafka.ranges import fetch_ranges
from adlake.io.kafka.topic import TopicError, TopicFacts
from adlake.io.spark.checkpoint import batch_end_offsets
from adlake.streaming import attempts
from adlake.streaming.attempts import Attempts
from adlake.streaming.reread import InexactTimesError, is_unreadable
from adlake.streaming.source import BrokerLostDataError, SourcePosition, check_topic

YEAR_ONE_MS = -62_135_596_800_000
DAY_MS = 86_400_000


@pytest.mark.parametrize(
    ("timestamp_ms", "expected"),
    [
        (-(2**63), FIRST_INGEST_MS), (-(10**16), FIRST_INGEST_MS),
        (YEAR_ONE_MS - 1, YEAR_ONE_MS), (YEAR_ONE_MS, YEAR_ONE_MS), (GREGORIAN_MS, GREGORIAN_MS),
        (-1, -1), (0, 0), (1_772_445_600_000, 1_772_445_600_000),
        (LAST_INGEST_MS, LAST_INGEST_MS), (LAST_INGEST_MS + 1, LAST_INGEST_MS),
        (2**63 - 1, LAST_INGEST_MS),
    ],
)  # fmt: skip
def test_the_time_of_a_record_is_exact_where_every_reader_can_show_it(
    timestamp_ms: int, expected: int
) -> None:
    assert ingest_ms(timestamp_ms) == expected


def test_the_ends_are_so_far_away_that_no_verdict_changes() -> None:
    assert FIRST_INGEST_MS < GREGORIAN_MS < MIN_EVENT_MS - LAW_V1.future_tolerance_ms
    assert LAST_INGEST_MS + LAW_V1.future_tolerance_ms > MAX_EVENT_MS_EXCLUSIVE


def after_reading(kept_ms: int, of_broker_ms: int, crc32: int = 7) -> None:
    """Start again where the lake kept one time of its last record, and the broker says another."""
    position = SourcePosition("id", {0: 10}, {0: LastRecord(9, kept_ms, 7)})
    now = {0: LastRecord(9, of_broker_ms, crc32)}
    check_topic(position, TopicFacts("ads", "id", {0: 0}, {0: 20}, now))


@pytest.mark.parametrize(
    ("kept_ms", "of_broker_ms"),
    [
        (5, 5), (YEAR_ONE_MS, YEAR_ONE_MS), (FIRST_INGEST_MS, -(10**16)),
        (LAST_INGEST_MS, 10**16), (10**15, 10**15),
        # As drivers stamped it before: the year 1 by Spark's calendar.
        (YEAR_ONE_MS - 2 * DAY_MS, YEAR_ONE_MS),
    ],
)  # fmt: skip
def test_a_strange_record_time_is_no_lost_tail(kept_ms: int, of_broker_ms: int) -> None:
    after_reading(kept_ms, of_broker_ms)


@pytest.mark.parametrize(
    ("kept_ms", "of_broker_ms", "crc32"),
    [(5, 6, 7), (YEAR_ONE_MS, 5, 7), (5, YEAR_ONE_MS, 7), (YEAR_ONE_MS, YEAR_ONE_MS, 8)],
)
def test_another_record_is_a_lost_tail(kept_ms: int, of_broker_ms: int, crc32: int) -> None:
    with pytest.raises(BrokerLostDataError, match="lost its tail"):
        after_reading(kept_ms, of_broker_ms, crc32)


OVERFLOW = """An error occurred while calling o9.collect:
: java.lang.ArithmeticException: long overflow
\tat java.base/java.lang.Math.multiplyExact(Math.java:1004)
\tat org.apache.spark.sql.kafka010.KafkaRecordToRowConverter.toInternalRow(x.scala:1)"""


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (InexactTimesError("x"), True),
        (PySparkException(OVERFLOW), True),
        (PySparkException(OVERFLOW.replace("kafka010", "execution")), False),
        (PySparkException(OVERFLOW.replace("Arithmetic", "IllegalState")), False),
        (ValueError(OVERFLOW), False),
    ],
)
def test_only_a_fault_of_record_times_is_read_again(error: Exception, expected: bool) -> None:
    assert is_unreadable(error) is expected


class Overflowing:
    """A processor of batches that Spark cannot read; the second reader's frame is the text."""

    contained_in_all: Mapping[int, int] = {}

    def refresh(self) -> None:
        pass

    def process(self, records: object, *_arguments: object, **_how: object) -> None:
        if records != "read again":
            raise PySparkException(OVERFLOW)


def read_again(*_arguments: object) -> str:
    return "read again"


def broker_is_away(*_arguments: object) -> str:
    raise TopicError("Kafka sends nothing")


def attempted(frame: Any) -> None:  # noqa: ANN401 - stands for a method of the second reader
    processor: Any = Overflowing()
    records: Any = SimpleNamespace(sparkSession=None)
    reader: Any = SimpleNamespace(frame=frame)
    Attempts(threading.Event(), lambda: False).process(processor, records, 7, reader)


def test_a_batch_that_is_read_again_logs_nothing_but_the_line_of_its_reader(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        attempted(read_again)
    assert caplog.text == ""


def test_a_batch_that_cannot_be_read_again_ends_with_the_trace_of_spark_too(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(attempts, "RETRY_SECONDS", 0.0)
    with caplog.at_level(logging.INFO), pytest.raises(TopicError, match="sends nothing") as failed:
        attempted(broker_is_away)
    assert "KafkaRecordToRowConverter" in str(failed.value.__cause__)
    assert caplog.text.count("Kafka sends nothing") == attempts.MAX_ATTEMPTS - 2


def test_the_end_of_a_batch_is_in_the_checkpoint(tmp_path: Path) -> None:
    offsets = tmp_path / "offsets"
    offsets.mkdir()
    (offsets / "3").write_text('v1\n{"batchWatermarkMs":0}\n{"ads":{"1":20,"0":10}}')
    assert batch_end_offsets(tmp_path, 3, "ads") == {0: 10, 1: 20}


class Record:
    def __init__(self, offset: int, timestamp: int, value: bytes | None = b"v") -> None:
        self.offset, self.timestamp, self.value, self.key = offset, timestamp, value, b"k"


class FakeConsumer:
    """Two partitions in polls of three records; offset 5 of each is a mark without a record."""

    silent = False

    def __init__(self, **settings: object) -> None:
        assert settings["isolation_level"] == "read_committed"
        self._positions: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()

    def assign(self, partitions: list[TopicPartition]) -> None:
        self._positions = dict.fromkeys(partitions, 0)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self._positions[partition] = offset

    def position(self, partition: TopicPartition) -> int:
        return self._positions[partition]

    def pause(self, *partitions: TopicPartition) -> None:
        self._paused |= set(partitions)

    def poll(self, **_limits: object) -> Mapping[TopicPartition, list[Record]]:
        if self.silent:
            return {}
        found = {}
        for partition, first in self._positions.items():
            if partition not in self._paused:
                beyond = first + 3
                self._positions[partition] = beyond
                offsets = [n for n in range(first, beyond) if n != 5]
                found[partition] = [Record(n, 10**16 if n == 7 else n) for n in offsets]
        return found

    def close(self) -> None:
        pass


@pytest.mark.parametrize("group_bytes", [1, 1 << 20])
def test_a_range_is_read_to_its_end_and_no_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group_bytes: int
) -> None:
    monkeypatch.setattr(committed, "KafkaConsumer", FakeConsumer)
    monkeypatch.setattr(topic_range, "GROUP_BYTES", group_bytes)
    file = tmp_path / "range.parquet"
    found = fetch_ranges("b:1", "ads", {0: 2, 1: 6, 2: 4}, {0: 6, 1: 10, 2: 4}, file)
    rows = pq.read_table(file).to_pylist()
    where = sorted((row["kafka_partition"], row["kafka_offset"]) for row in rows)
    assert where == [(0, 2), (0, 3), (0, 4), (1, 6), (1, 7), (1, 8), (1, 9)]
    times = {row["ingest_ms"] for row in rows if row["kafka_offset"] == 7}
    assert times == {LAST_INGEST_MS}
    assert (found.records, found.clamped) == (7, 1)


def test_a_broker_that_sends_nothing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(committed, "KafkaConsumer", FakeConsumer)
    monkeypatch.setattr(topic_range, "SILENT_SECONDS", -1.0)
    monkeypatch.setattr(FakeConsumer, "silent", True)
    with pytest.raises(TopicError, match="sends nothing"):
        fetch_ranges("b:1", "ads", {0: 2}, {0: 6}, tmp_path / "range.parquet")
