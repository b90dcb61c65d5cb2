"""Groups of records and their acknowledgements, with a double of the client."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final

import pytest
from kafka.errors import KafkaTimeoutError, MessageSizeTooLargeError

from adlake.io.kafka import collecting
from adlake.io.kafka.collecting import BusyError, GroupPublisher
from adlake.io.kafka.producer import ProducerError, Record, partition_of

TAKEN_MS: Final = 1_700_000_000_123
"""The time that the broker gives records."""


@dataclass
class Sent:
    """A record on its way."""

    topic: str
    partition: int
    good: list[Callable[[Any], None]] = field(default_factory=list)
    bad: list[Callable[[BaseException], None]] = field(default_factory=list)

    def add_callback(self, function: Callable[[Any], None]) -> None:
        self.good.append(function)

    def add_errback(self, function: Callable[[BaseException], None]) -> None:
        self.bad.append(function)

    def end(self, error: BaseException | None = None) -> None:
        for function in self.bad if error else self.good:
            function(error or SimpleNamespace(timestamp=TAKEN_MS))


@dataclass
class ClientDouble:
    sent: list[Sent] = field(default_factory=list)
    refuses: BaseException | None = None
    counts: dict[str, int] = field(default_factory=lambda: {"ads": 4, "business": 1})

    def partitions_for(self, topic: str) -> set[int]:
        return set(range(self.counts.get(topic, 0)))

    def send(self, topic: str, *given: object) -> Sent:
        if self.refuses:
            raise self.refuses
        self.sent.append(Sent(topic, int(str(given[3]))))
        return self.sent[-1]


def records(count: int, topic: str = "ads", value: bytes = b"v") -> list[tuple[str, Record]]:
    return [(topic, (f"k{n}".encode(), value, 1)) for n in range(count)]


@pytest.fixture
def client() -> ClientDouble:
    return ClientDouble()


@pytest.fixture
def publisher(client: ClientDouble) -> GroupPublisher:
    return GroupPublisher(client, ["ads", "business"])  # type: ignore[arg-type]


def test_a_group_is_done_once_and_when_all_of_it_is(
    client: ClientDouble, publisher: GroupPublisher
) -> None:
    told: list[BaseException | None] = []
    times: list[int] = []
    publisher.publish([*records(2), *records(1, "business")], told.append, times.append)
    assert [one.partition for one in client.sent] == [
        partition_of(b"k0", b"v", 4), partition_of(b"k1", b"v", 4), 0,
    ]  # fmt: skip
    for one in client.sent[:2]:
        one.end()
    assert (told, publisher.unacked) == ([], 1)
    client.sent[2].end()
    assert told == [None]
    assert (publisher.unacked, publisher.unacked_bytes) == (0, 0)
    assert times == [TAKEN_MS] * 3


def test_one_that_fails_is_told_when_all_have_ended(
    client: ClientDouble, publisher: GroupPublisher
) -> None:
    told: list[BaseException | None] = []
    publisher.publish(records(2), told.append)
    error = KafkaTimeoutError("too late")
    client.sent[0].end(error)
    assert told == []
    client.sent[1].end()
    assert told == [error]


def test_what_the_client_refuses_at_once_is_told_too(
    client: ClientDouble, publisher: GroupPublisher
) -> None:
    client.refuses = MessageSizeTooLargeError("too large")
    told: list[BaseException | None] = []
    publisher.publish(records(1), told.append)
    assert told == [client.refuses]
    assert publisher.unacked == 0


def test_what_waits_is_bounded_and_a_lone_large_group_passes(
    client: ClientDouble, publisher: GroupPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "MOST_UNACKED", 3)
    monkeypatch.setattr(collecting, "MOST_UNACKED_BYTES", 10)
    ignored: list[object] = []
    publisher.publish(records(5), ignored.append)
    with pytest.raises(BusyError, match="5 events wait"):
        publisher.publish(records(1), ignored.append)
    for one in client.sent:
        one.end()
    publisher.publish(records(1), ignored.append)
    with pytest.raises(BusyError):
        publisher.publish(records(1, value=b"x" * 10), ignored.append)
    assert len(client.sent) == 6


def test_a_topic_that_is_not_there_is_named(client: ClientDouble) -> None:
    with pytest.raises(ProducerError, match="topic other does not exist"):
        GroupPublisher(client, ["other"])  # type: ignore[arg-type]
