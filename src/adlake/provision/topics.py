"""Topics of the map, by the names that the settings give them, made or brought up to date."""

from __future__ import annotations

from collections.abc import Iterator

from adlake import flow
from adlake.contracts.topics import COMPACTED
from adlake.io.kafka.admin import ensure_topic
from adlake.provision.outside import kafka_access
from adlake.settings import Settings


def topics_of(settings: Settings) -> dict[str, str]:
    """Name on the map -> name at the broker, of every topic that is not switched off."""
    names = settings.kafka.topic_names
    return {topic: names[topic] for topic in flow.topics() if names[topic]}


def ensure_topics(settings: Settings) -> Iterator[tuple[str, bool]]:
    """Make each topic or bring it up to date; yields its name, and whether it was made.

    Raises:
        TopicError: the broker refuses, or a topic has another number of partitions.
    """
    brokers, is_own = kafka_access(settings), settings.has_own_kafka
    for name, topic in topics_of(settings).items():
        made = ensure_topic(
            brokers, settings.kafka, topic, is_own=is_own, is_compacted=name in COMPACTED
        )
        yield topic, made
