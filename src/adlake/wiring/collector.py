"""What settings say to who takes events in."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from adlake.collector.files import FileRefusedError, StoppedError
from adlake.collector.judging import Accepted, records_of
from adlake.collector.placing import Placed
from adlake.contracts.topics import AD_TOPIC, BUSINESS_TOPIC
from adlake.io.kafka.collecting import GroupPublisher
from adlake.io.kafka.errors import is_too_large
from adlake.io.kafka.producer import (
    SEND_SECONDS,
    WAIT_SLICE_SECONDS,
    ProducerError,
    build_producer,
    close_producer,
)
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

    def send(
        self,
        events: Sequence[Accepted | Placed],
        now_ms: int,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Publish events and wait until the broker has all of them; some may have arrived before.

        Raises:
            ProducerError: it has not.
            FileRefusedError: it never will, of one of them.
            StoppedError: told to stop meanwhile.
        """
        ended: SimpleQueue[BaseException | None] = SimpleQueue()
        self.publisher.publish(records_of(events, self.topics, now_ms), ended.put)
        error = _waited_for(ended, should_stop)
        if error is not None and is_too_large(error):
            raise FileRefusedError(f"the broker takes no record as large as one of it ({error})")
        if error is not None:
            raise ProducerError(f"the broker did not take all events ({error}): send them again")

    def close(self) -> None:
        """Give the connections back."""
        self.publisher.close()


def _waited_for(
    ended: SimpleQueue[BaseException | None], should_stop: Callable[[], bool]
) -> BaseException | None:
    deadline = time.monotonic() + SEND_SECONDS
    while time.monotonic() < deadline:
        with suppress(Empty):
            return ended.get(timeout=WAIT_SLICE_SECONDS)
        if should_stop():
            raise StoppedError
    raise ProducerError(
        f"the broker did not acknowledge in {SEND_SECONDS:g} s: send the file again, the ids of "
        "its events make that safe"
    )


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
