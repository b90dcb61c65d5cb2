"""A topic read on and on, from where it ended when it was asked first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from kafka import TopicPartition

from adlake.folders import ADLAKE
from adlake.io.kafka.access import Brokers
from adlake.io.kafka.committed import committed_records
from adlake.io.kafka.topic import TopicError, clear_errors, refuse_dead_broker

ANSWER_SECONDS: Final = 10.0
Message = tuple[bytes | None, bytes | None]
"""Key and value."""
Poll = Callable[[float], list[Message]]
"""Waits so many seconds at most for what is new."""


@contextmanager
def followed(brokers: Brokers, topic: str, positions: dict[int, int]) -> Iterator[Poll]:
    """Inside, what comes to a topic; for one thread.

    Args:
        brokers: their addresses.
        topic: as they call it.
        positions: partition -> offset to go on at, brought forward by each poll; a partition that
            is not in it is read from its end, as it is now.

    Raises:
        TopicError: no broker answers, or there is no such topic; so does a poll.
    """
    refuse_dead_broker(brokers, ANSWER_SECONDS)
    milliseconds = int(ANSWER_SECONDS * 1_000)
    with committed_records(brokers, bootstrap_timeout_ms=milliseconds) as consumer:
        places = [TopicPartition(topic, p) for p in consumer.partitions_for_topic(topic) or ()]
        if not places:
            raise TopicError(f"topic {topic} does not exist: `{ADLAKE} topics` lists them")
        consumer.assign(places)
        for place, end in consumer.end_offsets(places).items():
            consumer.seek(place, positions.setdefault(place.partition, end))

        def poll(seconds: float) -> list[Message]:
            with clear_errors(brokers):
                found = consumer.poll(timeout_ms=int(seconds * 1_000))
            for place, records in found.items():
                positions[place.partition] = records[-1].offset + 1
            return [(one.key, one.value) for records in found.values() for one in records]

        yield poll
