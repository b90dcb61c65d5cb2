"""Facts about a Kafka topic: its id and its offsets."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import CorruptRecordError, KafkaError, UnsupportedCodecError

from adlake.contracts.errors import AdlakeError
from adlake.io.deadline import NO_DEADLINE, Deadline
from adlake.io.iceberg.stamp import LastRecord
from adlake.io.kafka.access import Brokers, client_arguments
from adlake.io.kafka.errors import login_trouble

REQUEST_SECONDS = 15.0
"""For one answer of a broker."""
STREAM_BOOTSTRAP_SECONDS = 30.0
"""The stream may start while the broker recovers its log."""
COMMAND_BOOTSTRAP_SECONDS = 5.0
"""Somebody waits for the answer of a command."""


class TopicError(AdlakeError):
    """The broker does not answer, or the topic does not exist."""


class UnreadableRecordsError(AdlakeError):
    """The broker answers, but its records cannot be unpacked by this client."""


@dataclass(frozen=True)
class TopicFacts:
    """A topic at one moment; offsets by partition, `end` is exclusive."""

    name: str
    topic_id: str
    begin_offsets: dict[int, int]
    end_offsets: dict[int, int]
    """Up to here readers may read (last stable offset): an open transaction holds it back."""
    last_records: dict[int, LastRecord] = field(default_factory=dict)
    """What the broker holds where the lake read last, as far as it was asked (see last_records)."""
    log_end_offsets: dict[int, int] = field(default_factory=dict)
    """Up to here the broker has written (high watermark); empty: the same as `end_offsets`."""

    @property
    def written(self) -> dict[int, int]:
        """Partition -> the first offset that the broker has not given to a record yet."""
        return {
            p: max(end, self.log_end_offsets.get(p, end)) for p, end in self.end_offsets.items()
        }

    @property
    def in_words(self) -> str:
        """How many offsets the broker holds."""
        held = sum(self.written.values()) - sum(self.begin_offsets.values())
        return (
            f"topic {self.name} holds {held:,} records" if held else f"topic {self.name} is empty"
        )

    @property
    def pending(self) -> dict[int, int]:
        """Partition -> offsets behind an open transaction, for partitions that have any."""
        behind = {p: end - self.end_offsets.get(p, 0) for p, end in self.written.items()}
        return {p: count for p, count in sorted(behind.items()) if count > 0}

    @property
    def pending_in_words(self) -> str:
        """What waits for an open transaction, and what ends that; empty when nothing does."""
        if not self.pending:
            return ""
        partitions = ", ".join(map(str, self.pending))
        return (
            f"{sum(self.pending.values()):,} records are pending behind an open transaction in "
            f"partitions {partitions}: nobody may read them until its producer commits or aborts, "
            f"or the broker does after the producer's transaction.timeout.ms"
        )


def refuse_dead_broker(bootstrap: Brokers, seconds: float) -> None:
    """Raise TopicError at once when nothing listens where the brokers should be.

    The client itself tries a refused connection again until its bootstrap time is over.
    """
    said: list[str] = []
    for server in str(bootstrap).split(","):
        host, _, port = server.strip().rpartition(":")
        if not (host and port.isdigit()):
            return  # left to the client, which knows more spellings
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=seconds).close()
        except OSError as error:
            said.append(str(error.strerror or error))
        else:
            return
    raise TopicError(f"Kafka does not answer at {bootstrap} ({', '.join(said)}): run `make up`")


def topic_facts(
    bootstrap: Brokers,
    topic: str,
    bootstrap_seconds: float = STREAM_BOOTSTRAP_SECONDS,
    deadline: Deadline = NO_DEADLINE,
) -> TopicFacts:
    """Ask the broker for the topic's id and offsets.

    `bootstrap_seconds` bounds the first contact, `deadline` this and every request.

    Raises:
        TopicError: no broker at `bootstrap`, or no such topic.
    """
    with clear_errors(bootstrap):
        admin = KafkaAdminClient(
            **client_arguments(bootstrap), request_timeout_ms=deadline.patience_ms(REQUEST_SECONDS),
            bootstrap_timeout_ms=deadline.patience_ms(bootstrap_seconds),
        )  # fmt: skip
        try:
            described = _description(admin, bootstrap, topic)
        finally:
            admin.close()
        keys = [TopicPartition(topic, p["partition_index"]) for p in described["partitions"]]
        # Asked first: what is written between the two questions must not look pending.
        _, log_end = _offsets(bootstrap, keys, "read_uncommitted", deadline)
        begin, end = _offsets(bootstrap, keys, "read_committed", deadline)
    return TopicFacts(
        name=topic,
        topic_id=str(described["topic_id"]),
        begin_offsets=begin,
        end_offsets=end,
        log_end_offsets=log_end,
    )


def _offsets(
    bootstrap: Brokers, keys: list[TopicPartition], isolation_level: str, deadline: Deadline
) -> tuple[dict[int, int], dict[int, int]]:
    """First and end offset by partition, as a reader of this isolation sees them."""
    consumer = KafkaConsumer(
        **client_arguments(bootstrap), isolation_level=isolation_level, enable_auto_commit=False,
        request_timeout_ms=deadline.patience_ms(REQUEST_SECONDS),
        bootstrap_timeout_ms=deadline.patience_ms(REQUEST_SECONDS),
    )  # fmt: skip
    try:
        begin, end = consumer.beginning_offsets(keys), consumer.end_offsets(keys)
    finally:
        consumer.close()
    return (
        {key.partition: offset for key, offset in begin.items()},
        {key.partition: offset for key, offset in end.items()},
    )


class TopicWatch:
    """Asks for a topic's id again and again over one connection."""

    def __init__(self, bootstrap: Brokers, topic: str) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
        self._admin: KafkaAdminClient | None = None

    def current_id(self) -> str:
        """The topic's id now.

        Raises:
            TopicError: no broker answers, or the topic does not exist.
        """
        admin, self._admin = self._admin, None  # kept only when it answered
        with clear_errors(self._bootstrap):
            admin = admin or KafkaAdminClient(
                **client_arguments(self._bootstrap), request_timeout_ms=int(REQUEST_SECONDS * 1_000)
            )
            described = _description(admin, self._bootstrap, self._topic)
        self._admin = admin
        return str(described["topic_id"])


def _description(admin: KafkaAdminClient, bootstrap: Brokers, topic: str) -> dict[str, Any]:
    described: dict[str, Any] = admin.describe_topics([topic])[0]
    if described.get("error_code"):
        raise TopicError(f"topic {topic} does not exist at {bootstrap}: run `make up`")
    return described


@contextmanager
def clear_errors(bootstrap: Brokers) -> Iterator[None]:
    """Turns errors of the Kafka client into one sentence.

    Raises:
        UnreadableRecordsError: of a codec that this client lacks; a broken batch.
        TopicError: no broker answers.
    """
    try:
        yield
    except (UnsupportedCodecError, CorruptRecordError) as error:
        raise UnreadableRecordsError(
            f"Kafka answers at {bootstrap}, but not all of its records can be unpacked here "
            f"({error}): see docs/runbook.md, records that cannot be read"
        ) from error
    except KafkaError as error:
        if trouble := login_trouble(error, bootstrap):
            raise TopicError(trouble) from error
        raise TopicError(
            f"Kafka does not answer at {bootstrap} ({error}): run `make up`"
        ) from error
