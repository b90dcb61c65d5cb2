"""Facts about a Kafka topic: its id and its offsets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import CorruptRecordError, KafkaError, UnsupportedCodecError

from adlake.contracts.errors import AdlakeError
from adlake.io.stamp import LastRecord

_TIMEOUT_MS = 15_000


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
    last_records: dict[int, LastRecord] = field(default_factory=dict)
    """What the broker holds where the lake read last, as far as it was asked (io.last_records)."""


def topic_facts(bootstrap: str, topic: str) -> TopicFacts:
    """Ask the broker for the topic's id and offsets.

    Raises:
        TopicError: no broker at `bootstrap`, or no such topic.
    """
    with clear_errors(bootstrap):
        admin = KafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=_TIMEOUT_MS)
        try:
            described = _description(admin, bootstrap, topic)
        finally:
            admin.close()
        keys = [TopicPartition(topic, p["partition_index"]) for p in described["partitions"]]
        consumer = KafkaConsumer(bootstrap_servers=bootstrap, isolation_level="read_committed")
        try:
            begin = consumer.beginning_offsets(keys)
            end = consumer.end_offsets(keys)
        finally:
            consumer.close()
    return TopicFacts(
        name=topic,
        topic_id=str(described["topic_id"]),
        begin_offsets={key.partition: offset for key, offset in begin.items()},
        end_offsets={key.partition: offset for key, offset in end.items()},
    )


class TopicWatch:
    """Asks for a topic's id again and again over one connection."""

    def __init__(self, bootstrap: str, topic: str) -> None:
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
                bootstrap_servers=self._bootstrap, request_timeout_ms=_TIMEOUT_MS
            )
            described = _description(admin, self._bootstrap, self._topic)
        self._admin = admin
        return str(described["topic_id"])


def _description(admin: KafkaAdminClient, bootstrap: str, topic: str) -> dict[str, Any]:
    described: dict[str, Any] = admin.describe_topics([topic])[0]
    if described.get("error_code"):
        raise TopicError(f"topic {topic} does not exist at {bootstrap}: run `make up`")
    return described


@contextmanager
def clear_errors(bootstrap: str) -> Iterator[None]:
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
        raise TopicError(
            f"Kafka does not answer at {bootstrap} ({error}): run `make up`"
        ) from error
