"""Publishes small groups of records and tells when the broker has each group; bounded in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from kafka import KafkaProducer
from kafka.errors import KafkaError

from adlake.io.kafka.producer import ProducerError, Record, close_producer, partition_of

MOST_UNACKED: Final = 50_000
MOST_UNACKED_BYTES: Final = 32 * 1024 * 1024
"""Of values the broker has not acknowledged yet; a client of Kafka has no bound of its own."""

Done = Callable[[BaseException | None], None]
"""Called once a group, from the thread of the producer: None when the broker has all of it."""


class BusyError(ProducerError):
    """More waits for the broker than memory is meant for: nothing of the group was sent."""


Written = Callable[[int], None]
"""Called for each record that the broker took, likewise: its time there (epoch ms)."""


@dataclass
class _Group:
    """Records of one call that are on their way."""

    left: int
    done: Done
    error: BaseException | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def one_ended(self, error: BaseException | None) -> None:
        """One record was taken or given up."""
        with self.lock:
            self.left -= 1
            self.error = self.error or error
            is_over = self.left == 0
        if is_over:
            self.done(self.error)


class GroupPublisher:
    """One producer for all topics; a record goes to `partition_of` its key."""

    def __init__(self, producer: KafkaProducer, topics: Sequence[str]) -> None:
        self._producer = producer
        self._partitions = {topic: self._count(topic) for topic in topics}
        self._lock = threading.Lock()
        self.unacked = 0
        """Records that the broker has not acknowledged yet."""
        self.unacked_bytes = 0

    def publish(
        self, records: Sequence[tuple[str, Record]], done: Done, written: Written = lambda _: None
    ) -> None:
        """Send (topic, record) pairs and return at once; `done` is told when all have ended.

        Raises:
            BusyError: too much waits already; nothing was sent.
        """
        size = sum(len(value or b"") for _, (_, value, _) in records)
        self._reserve(len(records), size)
        group = _Group(len(records), done)
        for topic, (key, value, stamp_ms) in records:
            partition = partition_of(key, value, self._partitions[topic])
            ended = partial(self._ended, group, len(value or b""))
            try:
                sent = self._producer.send(topic, value, key, None, partition, stamp_ms)
            except KafkaError as error:
                ended(error)
                continue
            sent.add_callback(partial(_taken, ended, written))
            sent.add_errback(ended)

    def close(self) -> None:
        """Give the connections back; what is still on its way is dropped."""
        close_producer(self._producer)

    def _reserve(self, count: int, size: int) -> None:
        with self._lock:
            is_full = self.unacked + count > MOST_UNACKED
            if self.unacked and (is_full or self.unacked_bytes + size > MOST_UNACKED_BYTES):
                raise BusyError(
                    f"{self.unacked:,} events wait for the broker already: send this again later"
                )
            self.unacked += count
            self.unacked_bytes += size

    def _ended(self, group: _Group, size: int, error: BaseException | None) -> None:
        with self._lock:
            self.unacked -= 1
            self.unacked_bytes -= size
        group.one_ended(error)

    def _count(self, topic: str) -> int:
        try:
            partitions = self._producer.partitions_for(topic)
        except KafkaError as error:
            raise ProducerError(f"topic {topic}: {error}") from error
        if not partitions:
            raise ProducerError(f"topic {topic} does not exist: `make up` creates it")
        return len(partitions)


def _taken(ended: Done, written: Written, record: Any) -> None:  # noqa: ANN401  untyped client
    # A broker that stamps records itself says so here; else this is the time that they came with.
    written(record.timestamp)
    ended(None)
