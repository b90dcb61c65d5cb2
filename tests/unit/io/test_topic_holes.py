"""Which ranges hold no record, asked of a log in memory that moves as Kafka's client does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from kafka import TopicPartition
from kafka.errors import UnsupportedCodecError

from adlake.io.kafka import committed
from adlake.io.kafka.holes import OffsetRange, ranges_without_records
from adlake.io.kafka.topic import TopicError


class Record:
    def __init__(self, offset: int) -> None:
        self.offset = offset


class LogConsumer:
    """Partition 0: a mark at each tenth offset; those in `broken` cannot be unpacked."""

    begin, end, is_silent = 0, 2_000, False
    broken: frozenset[int] = frozenset()
    seeks: list[int]

    def __init__(self, **_settings: object) -> None:
        self._position = 0
        LogConsumer.seeks = []

    def assign(self, _partitions: list[TopicPartition]) -> None:
        pass

    def seek(self, _partition: TopicPartition, offset: int) -> None:
        self.seeks.append(offset)
        self._position = offset

    def poll(self, **_limits: object) -> Mapping[TopicPartition, Any]:
        if self.is_silent:
            return {}
        found = range(self._position, min(self._position + 7, self.end))
        if self.broken & set(found):
            raise UnsupportedCodecError("compression type 7")
        self._position = found.stop
        records = [Record(offset) for offset in found if offset % 10 != 9]
        return {TopicPartition("ads", 0): records} if records else {}

    def position(self, _partition: TopicPartition) -> int:
        return self._position

    def beginning_offsets(self, keys: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(keys, self.begin)

    def end_offsets(self, keys: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(keys, self.end)

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def log(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(committed, "KafkaConsumer", LogConsumer)
    return monkeypatch


def holes(*ranges: tuple[int, int]) -> list[tuple[int, int]]:
    asked = [OffsetRange(0, *one) for one in ranges]
    return [(one.first, one.next) for one in ranges_without_records("broker:1", "ads", asked)]


def test_marks_are_holes_and_records_are_not() -> None:
    assert holes((9, 10), (18, 20), (19, 21), (29, 30), (30, 31)) == [(9, 10), (29, 30)]


def test_a_mark_at_the_end_of_the_log_is_a_hole() -> None:
    assert holes((1_999, 2_000)) == [(1_999, 2_000)]


def test_near_ranges_are_read_on_to_and_far_ones_are_sought() -> None:
    marks = [(at, at + 1) for at in (9, 19, 29, 1_509, 1_519)]
    assert holes(*reversed(marks)) == marks
    assert LogConsumer.seeks == [9, 1_509]


def test_what_retention_deleted_or_a_transaction_holds_back_is_not_claimed(
    log: pytest.MonkeyPatch,
) -> None:
    log.setattr(LogConsumer, "begin", 15)
    log.setattr(LogConsumer, "end", 1_999)
    assert holes((9, 10), (19, 20), (1_999, 2_000)) == [(19, 20)]


def test_a_record_that_cannot_be_unpacked_on_the_way_hides_no_hole(log: pytest.MonkeyPatch) -> None:
    log.setattr(LogConsumer, "broken", frozenset({40, 79}))
    assert holes((29, 30), (49, 50), (79, 80), (99, 100)) == [(29, 30), (49, 50), (99, 100)]


def test_a_broker_that_shows_nothing_is_no_verdict(log: pytest.MonkeyPatch) -> None:
    log.setattr(LogConsumer, "is_silent", True)
    with pytest.raises(TopicError, match="does not show what partition 0 holds from offset 9 on"):
        holes((9, 10))
