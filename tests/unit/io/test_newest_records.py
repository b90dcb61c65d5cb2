"""The newest records of a topic, asked of a log in memory that moves as Kafka's client does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from kafka import TopicPartition

from adlake.io.kafka import committed, newest_records
from adlake.io.kafka.newest_records import SeenRecord, text_of
from adlake.io.kafka.topic import TopicError

LOG = {0: (100, 300, 500), 1: (200, 400)}
"""Partition -> time of each record; the key of a record is its time."""


class LogConsumer:
    """Gives a record of each partition at a time."""

    log: Mapping[int, tuple[int, ...]] = LOG
    is_silent = False

    def __init__(self, **_settings: object) -> None:
        self._at: dict[TopicPartition, int] = {}

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return set(self.log) if topic == "ads" else None

    def assign(self, partitions: list[TopicPartition]) -> None:
        self._at = dict.fromkeys(partitions, 0)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self._at[partition] = offset

    def poll(self, **_limits: object) -> dict[TopicPartition, list[Any]]:
        found: dict[TopicPartition, list[Any]] = {}
        for place, offset in self._at.items():
            times = self.log[place.partition]
            if not self.is_silent and offset < len(times):
                key = str(times[offset]).encode()
                found[place] = [
                    SimpleNamespace(timestamp=times[offset], offset=offset, key=key, value=None)
                ]
                self._at[place] += 1
        return found

    def position(self, partition: TopicPartition) -> int:
        return self._at[partition]

    def beginning_offsets(self, keys: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(keys, 0)

    def end_offsets(self, keys: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {key: len(self.log[key.partition]) for key in keys}

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def consumer(monkeypatch: pytest.MonkeyPatch) -> type[LogConsumer]:
    class Fresh(LogConsumer):
        pass

    monkeypatch.setattr(committed, "KafkaConsumer", Fresh)
    monkeypatch.setattr(newest_records, "TIMEOUT_SECONDS", 0.05)
    return Fresh


def times_of(count: int) -> list[int]:
    return [one.time_ms for one in newest_records.newest_records("kafka:9092", "ads", count)]


def test_they_are_the_newest_of_all_partitions_oldest_first() -> None:
    assert times_of(2) == [400, 500]
    assert times_of(100) == [100, 200, 300, 400, 500]


def test_an_empty_topic_has_none(consumer: type[LogConsumer]) -> None:
    consumer.log = {0: (), 1: ()}
    assert times_of(10) == []


def test_a_broker_that_sends_nothing_is_no_empty_topic(consumer: type[LogConsumer]) -> None:
    consumer.is_silent = True
    with pytest.raises(TopicError, match="topic ads: no record came within"):
        times_of(10)


def test_a_topic_that_is_not_there_is_named() -> None:
    with pytest.raises(TopicError, match="topic nothing does not exist"):
        newest_records.newest_records("kafka:9092", "nothing", 10)


@pytest.mark.parametrize(
    ("content", "longest", "shown"),
    [
        (None, 3, None), (b"", 3, ""), ("hällo".encode(), None, "hällo"),
        (b"\xff{}", None, "\\xff{}"), (b"abc", 3, "abc"), (b"abcd", 3, "abc ..."),
    ],
)  # fmt: skip
def test_a_key_or_payload_is_shown_as_text(
    content: bytes | None, longest: int | None, shown: str | None
) -> None:
    assert text_of(content, longest) == shown


@pytest.mark.parametrize(
    ("time_ms", "at"),
    [
        (1_500, datetime(1970, 1, 1, 0, 0, 1, 500_000, UTC)), (-1, None), (2**62, None),
    ],
)  # fmt: skip
def test_a_time_that_no_calendar_has_is_none(time_ms: int, at: datetime | None) -> None:
    assert SeenRecord(time_ms, 0, 0, None, None).at == at
