"""Kafka: the only home of the Kafka client library."""

from __future__ import annotations

import time
import zlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError

from adlake.contracts.errors import AdlakeError
from adlake.io.kafka.access import Brokers, client_arguments
from adlake.io.kafka.acks import PartitionAcks
from adlake.io.kafka.errors import login_trouble
from adlake.io.kafka.topic import TopicError, refuse_dead_broker

MAX_UNACKED: Final = 100_000
"""Records in flight before `publish` waits: the client library itself has no memory bound."""
WAIT_SLICE_SECONDS: Final = 0.5
SEND_SECONDS: Final = 30.0
BOOTSTRAP_SECONDS: Final = 10.0

Record = tuple[bytes | None, bytes | None, int]
"""Key, value, timestamp (epoch ms)."""


class ProducerError(AdlakeError):
    """Events that could not be delivered to the broker."""


def build_producer(
    bootstrap_servers: Brokers, client_id: str = "adlake-generator", linger_ms: int = 50
) -> KafkaProducer:
    """An idempotent producer (acks=all, lz4); raises ProducerError when no broker answers.

    `linger_ms` is how long a record waits for others to travel with.
    """
    unanswered = (
        f"no Kafka broker answers at {bootstrap_servers}: start it with `make up`, or set "
        "ADLAKE_KAFKA_BOOTSTRAP"
    )
    try:
        refuse_dead_broker(bootstrap_servers, BOOTSTRAP_SECONDS)
        return KafkaProducer(
            **client_arguments(bootstrap_servers),
            client_id=client_id,
            acks="all",
            enable_idempotence=True,
            compression_type="lz4",
            linger_ms=linger_ms,
            batch_size=256 * 1024,
            max_request_size=4 * 1024 * 1024,
            max_in_flight_requests_per_connection=5,
            allow_auto_create_topics=False,
            bootstrap_timeout_ms=int(BOOTSTRAP_SECONDS * 1_000),
            max_block_ms=15_000,
            reconnect_backoff_max_ms=1_000,
            metrics_enabled=False,
        )
    except TopicError as error:
        raise ProducerError(unanswered) from error
    except KafkaError as error:
        trouble = login_trouble(error, bootstrap_servers)
        raise ProducerError(trouble or unanswered) from error


def close_producer(producer: KafkaProducer) -> None:
    """Give the connections back; what is still in flight is dropped."""
    try:
        producer.close(timeout=1)
    except KafkaError:
        # The client gives up half-way, and would try again, aloud, when it is collected.
        producer._closed = True


def publish_all(
    bootstrap_servers: Brokers, topic: str, records: Sequence[Record]
) -> list[tuple[int, int]]:
    """Send a few records, wait for all acknowledgements; partition and offset of each.

    Raises:
        ProducerError: a record was not taken; others may have been.
    """
    producer = build_producer(bootstrap_servers, client_id="adlake-quarantine")
    try:
        partitions = len(producer.partitions_for(topic) or ())
        if not partitions:
            raise ProducerError(f"topic {topic} does not exist: `make up` creates it")
        futures = [
            producer.send(topic, value, key, None, partition_of(key, value, partitions), stamp_ms)
            for key, value, stamp_ms in records
        ]
        written = [future.get(timeout=SEND_SECONDS) for future in futures]
    except KafkaError as error:
        raise ProducerError(f"cannot send to topic {topic}: {error}") from error
    finally:
        close_producer(producer)
    return [(one.partition, one.offset) for one in written]


def partition_of(key: bytes | None, value: bytes | None, partitions: int) -> int:
    """CRC-32 of the key: as stable as the client's own hash, at a tenth of its cost in Python."""
    return zlib.crc32(key or value or b"") % partitions


class EventPublisher:
    """Publishes records to one topic in order, counts acknowledgements, bounds what is in flight.

    A record goes to `partition_of` its key.
    """

    def __init__(self, producer: KafkaProducer, topic: str) -> None:
        self._producer = producer
        self._topic = topic
        self._unacked: deque[Any] = deque()
        self.acked = 0
        """Records acknowledged in order: everything before the first unacknowledged one."""
        self.acks: dict[int, PartitionAcks] = {}
        """The same by partition."""
        self.on_resend: Callable[[int], None] = lambda count: None
        """Never called: the producer is idempotent."""
        try:
            partitions = producer.partitions_for(topic)
        except KafkaTimeoutError:
            partitions = None
        except KafkaError as error:
            raise ProducerError(f"topic {topic}: {error}") from error
        if not partitions:
            raise ProducerError(f"topic {topic} does not exist: `make up` creates it")
        self._partitions = len(partitions)

    @property
    def unacked(self) -> int:
        """Records sent and not yet known to be acknowledged."""
        return len(self._unacked)

    def publish(self, records: Sequence[Record], should_stop: Callable[[], bool]) -> None:
        """Send records; waits while too many are in flight. Raises ProducerError."""
        send, topic, partitions = self._producer.send, self._topic, self._partitions
        sent, crc32 = self._unacked.append, zlib.crc32
        try:
            for key, value, timestamp_ms in records:
                partition = crc32(key or value or b"") % partitions
                sent(send(topic, value, key, None, partition, timestamp_ms))
        except KafkaError as error:
            raise ProducerError(f"cannot send to topic {topic}: {error}") from error
        self._settle()
        while len(self._unacked) > MAX_UNACKED and not should_stop():
            self._wait_for_oldest()

    def flush(self, timeout_seconds: float, should_stop: Callable[[], bool]) -> bool:
        """True when everything is acknowledged, False when told to stop; raises ProducerError."""
        deadline = time.monotonic() + timeout_seconds
        while not should_stop():
            try:
                self._producer.flush(timeout=WAIT_SLICE_SECONDS)
            except KafkaTimeoutError:
                if time.monotonic() >= deadline:
                    raise ProducerError(self._unacked_message()) from None
            self._settle()
            if not self._unacked:
                return True
        return False

    def _settle(self) -> None:
        unacked, acks = self._unacked, self.acks
        while unacked and unacked[0].is_done:
            future = unacked.popleft()
            if future.exception is not None:
                raise ProducerError(f"the broker did not take an event: {future.exception!r}")
            self.acked += 1
            written = future.value
            counted = acks.get(written.partition)
            if counted is None:
                counted = acks[written.partition] = PartitionAcks()
            counted.add(written.offset)

    def _wait_for_oldest(self) -> None:
        try:
            self._unacked[0].get(timeout=WAIT_SLICE_SECONDS)
        except KafkaTimeoutError:
            pass
        except KafkaError as error:
            raise ProducerError(f"the broker did not take an event: {error!r}") from error
        self._settle()

    def _unacked_message(self) -> str:
        return (
            f"{len(self._unacked)} events are not acknowledged by the broker; the next start "
            "sends them again"
        )
