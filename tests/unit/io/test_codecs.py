"""What the broker takes from producers: each codec can be read, a wild timestamp is refused."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from kafka import TopicPartition
from kafka.errors import CorruptRecordError, KafkaTimeoutError, UnsupportedCodecError
from kafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from kafka.record.memory_records import MemoryRecords

from adlake.io.iceberg.stamp import LastRecord
from adlake.io.kafka import committed, last_records
from adlake.io.kafka import holes as topic_holes
from adlake.io.kafka import ranges as topic_range
from adlake.io.kafka.admin import topic_configuration
from adlake.io.kafka.header_names import accept_any_header_names
from adlake.io.kafka.holes import OffsetRange
from adlake.io.kafka.topic import TopicError, TopicFacts, UnreadableRecordsError, clear_errors
from adlake.settings import Settings
from tests.fixtures.drill.foreign import wire_headers

CODECS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
"""All codecs of the record format, by their number in it."""
TOPIC = TopicFacts("ads", "id", {0: 0, 1: 0}, {0: 9, 1: 9})
LAST = {0: LastRecord(3, 5, 0), 1: LastRecord(4, 5, 0)}


@pytest.mark.parametrize("codec", CODECS)
def test_a_batch_of_any_codec_is_unpacked(codec: str) -> None:
    builder = DefaultRecordBatchBuilder(
        magic=2, compression_type=CODECS[codec], is_transactional=False, producer_id=-1,
        producer_epoch=-1, base_sequence=-1, batch_size=1 << 22,
    )  # fmt: skip
    value = b"abcdefgh" * 8_000  # more than one block of any codec
    for offset in range(3):
        assert builder.append(offset, timestamp=7, key=b"k", value=value, headers=[])
    batch = MemoryRecords(bytes(builder.build())).next_batch()
    assert batch is not None
    assert [(one.offset, one.value) for one in batch] == [(n, value) for n in range(3)]


def batch_of(codec: str, headers: list[tuple[str, bytes]]) -> bytes:
    """A batch of three records with these headers, as it is on the wire."""
    builder = DefaultRecordBatchBuilder(
        magic=2, compression_type=CODECS[codec], is_transactional=False, producer_id=-1,
        producer_epoch=-1, base_sequence=-1, batch_size=1 << 22,
    )  # fmt: skip
    for offset in range(3):
        assert builder.append(offset, timestamp=7, key=b"k", value=b"v%d" % offset, headers=headers)
    return bytes(builder.build())


@pytest.mark.parametrize("codec", CODECS)
def test_a_header_name_that_is_no_utf8_hides_no_record(codec: str) -> None:
    accept_any_header_names()
    accept_any_header_names()
    headers = wire_headers(((b"caf\xe9 \xff", b"\xff"), (b"null", None), (b"good", b"1")))
    batch = MemoryRecords(batch_of(codec, headers)).next_batch()
    assert batch is not None
    found = [(one.offset, one.key, one.value, one.headers[1:]) for one in batch]
    kept = [("null", None), ("good", b"1")]
    assert found == [(n, b"k", b"v%d" % n, kept) for n in range(3)]


def test_a_record_that_is_broken_is_still_called_broken() -> None:
    accept_any_header_names()
    raw = bytearray(batch_of("none", wire_headers(((b"\xff\xfe", b"value"),))))
    raw[-6] = 0x7E  # the length of the last header's value
    batch = MemoryRecords(bytes(raw)).next_batch()
    assert batch is not None
    with pytest.raises(CorruptRecordError):
        list(batch)


class FakeConsumer:
    """Partition 0 cannot be unpacked; partition 1 can."""

    def __init__(self, **_settings: object) -> None:
        self._positions: dict[TopicPartition, int] = {}

    def assign(self, partitions: list[TopicPartition]) -> None:
        self._positions = dict.fromkeys(partitions, 0)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self._positions[partition] = offset

    def poll(self, **_limits: object) -> Mapping[TopicPartition, Any]:
        for partition, offset in self._positions.items():
            if partition.partition == 0:
                raise UnsupportedCodecError("compression type 7")
            self._positions[partition] = offset + 1
            return {partition: [Record(offset)]}
        return {}

    def position(self, partition: TopicPartition) -> int:
        return self._positions[partition]

    def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 0)

    def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 9)

    def pause(self, *_partitions: TopicPartition) -> None:
        pass

    def close(self) -> None:
        pass


class Record:
    timestamp = 5
    value = None

    def __init__(self, offset: int) -> None:
        self.offset = offset


def test_a_record_that_cannot_be_unpacked_hides_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(committed, "KafkaConsumer", FakeConsumer)
    with caplog.at_level(logging.WARNING):
        found = last_records.with_last_records(TOPIC, "broker:1", LAST)
    assert found.last_records == {1: LAST[1]}
    [line] = caplog.messages
    assert "compression type 7" in line
    assert "partition=0" in line


def test_a_range_that_cannot_be_unpacked_is_no_hole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(committed, "KafkaConsumer", FakeConsumer)
    ranges = [OffsetRange(0, 2, 5), OffsetRange(1, 2, 3)]
    assert topic_holes.ranges_without_records("broker:1", "ads", ranges) == []


@pytest.mark.parametrize("read", [
    lambda _folder: last_records.with_last_records(TOPIC, "broker:1", {1: LAST[1]}),
    lambda _folder: topic_holes.ranges_without_records("broker:1", "ads", [OffsetRange(1, 2, 3)]),
    lambda folder: topic_range.fetch_ranges("broker:1", "ads", {1: 3}, {1: 3}, folder / "file"),
])  # fmt: skip
def test_every_reader_of_records_takes_any_header_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, read: Callable[[Path], object]
) -> None:
    strict = DefaultRecordBatch._read_msg
    strict = getattr(strict, "__wrapped__", strict)
    monkeypatch.setattr(DefaultRecordBatch, "_read_msg", strict)
    monkeypatch.setattr(committed, "KafkaConsumer", FakeConsumer)
    read(tmp_path)
    assert DefaultRecordBatch._read_msg is not strict


@pytest.mark.parametrize("error", [UnsupportedCodecError("zstd"), CorruptRecordError("crc")])
def test_a_broker_that_answers_is_not_called_silent(error: Exception) -> None:
    with pytest.raises(UnreadableRecordsError, match="answers at broker:1") as found:
        raise_inside(error)
    assert str(error) in str(found.value)


def test_a_broker_that_does_not_answer_is_called_so() -> None:
    with pytest.raises(TopicError, match="does not answer at broker:1"):
        raise_inside(KafkaTimeoutError("no"))


def raise_inside(error: Exception) -> None:
    with clear_errors("broker:1"):
        raise error


def test_the_topic_takes_a_century_of_lateness_and_no_more() -> None:
    configuration = topic_configuration(Settings({}).kafka)
    oldest, newest = (
        int(configuration[f"message.timestamp.{side}.max.ms"]) / (365 * 86_400_000)
        for side in ("before", "after")
    )
    assert (oldest, newest) == (100, 10)
