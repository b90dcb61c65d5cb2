"""Facts about a Kafka topic: its id and its offsets."""

from __future__ import annotations

from dataclasses import dataclass

from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from adlake.contracts.errors import AdlakeError


class TopicError(AdlakeError):
    """The broker does not answer, or the topic does not exist."""


@dataclass(frozen=True)
class TopicFacts:
    """A topic at one moment; offsets by partition, `end` is exclusive."""

    name: str
    topic_id: str
    begin_offsets: dict[int, int]
    end_offsets: dict[int, int]


def topic_facts(bootstrap: str, topic: str) -> TopicFacts:
    """Ask the broker for the topic's id and offsets.

    Raises:
        TopicError: no broker at `bootstrap`, or no such topic.
    """
    try:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=15_000)
        try:
            described = admin.describe_topics([topic])[0]
        finally:
            admin.close()
        if described.get("error_code"):
            raise TopicError(f"topic {topic} does not exist at {bootstrap}: run `make up`")
        partitions = [p["partition_index"] for p in described["partitions"]]
        keys = [TopicPartition(topic, partition) for partition in partitions]
        consumer = KafkaConsumer(bootstrap_servers=bootstrap, isolation_level="read_committed")
        try:
            begin = consumer.beginning_offsets(keys)
            end = consumer.end_offsets(keys)
        finally:
            consumer.close()
    except KafkaError as error:
        raise TopicError(
            f"Kafka does not answer at {bootstrap} ({error}): run `make up`"
        ) from error
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
        try:
            if self._admin is None:
                self._admin = KafkaAdminClient(
                    bootstrap_servers=self._bootstrap, request_timeout_ms=15_000
                )
            described = self._admin.describe_topics([self._topic])[0]
        except KafkaError as error:
            self._admin = None
            raise TopicError(f"Kafka does not answer at {self._bootstrap} ({error})") from error
        if described.get("error_code"):
            raise TopicError(f"topic {self._topic} does not exist at {self._bootstrap}")
        return str(described["topic_id"])
