"""What settings say to who takes events in."""

from __future__ import annotations

from dataclasses import dataclass

from adlake.contracts.topics import AD_TOPIC, BUSINESS_TOPIC
from adlake.io.kafka.collecting import GroupPublisher
from adlake.io.kafka.producer import build_producer, close_producer
from adlake.provision.outside import kafka_access
from adlake.settings import Settings

LINGER_MS = 5
"""Somebody waits for each answer."""


@dataclass(frozen=True)
class Publishing:
    """A producer with the topics it writes to."""

    publisher: GroupPublisher
    topics: dict[str, str]
    """Name in the project -> name at the broker; one that is switched off is left out."""

    def close(self) -> None:
        """Give the connections back."""
        self.publisher.close()


def publishing(settings: Settings) -> Publishing:
    """Connect to the broker.

    Raises:
        ProducerError: it does not answer, or lacks a topic.
    """
    names = settings.kafka.topic_names
    topics = {name: names[name] for name in (AD_TOPIC, BUSINESS_TOPIC) if names[name]}
    producer = build_producer(kafka_access(settings), "adlake-api", LINGER_MS)
    try:
        return Publishing(GroupPublisher(producer, list(topics.values())), topics)
    except BaseException:
        close_producer(producer)
        raise
