"""What settings say to who takes events in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from adlake.collector.judging import Accepted, records_of
from adlake.contracts.topics import AD_TOPIC, BUSINESS_TOPIC
from adlake.io.kafka.collecting import GroupPublisher
from adlake.io.kafka.producer import SEND_SECONDS, ProducerError, build_producer, close_producer
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

    def send(self, accepted: Sequence[Accepted], now_ms: int) -> None:
        """Publish events and wait until the broker has all of them.

        Raises:
            ProducerError: it has not; some may have arrived.
        """
        ended: SimpleQueue[BaseException | None] = SimpleQueue()
        self.publisher.publish(records_of(accepted, self.topics, now_ms), ended.put)
        try:
            error = ended.get(timeout=SEND_SECONDS)
        except Empty:
            raise ProducerError(
                f"the broker did not acknowledge in {SEND_SECONDS:g} s: send the file again, the "
                "ids of its events make that safe"
            ) from None
        if error is not None:
            raise ProducerError(f"the broker did not take all events ({error}): send them again")

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
