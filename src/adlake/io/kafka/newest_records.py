"""The newest records of a topic, for people who look."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from kafka import KafkaConsumer, TopicPartition

from adlake.folders import ADLAKE
from adlake.io.kafka.access import Brokers
from adlake.io.kafka.committed import committed_records
from adlake.io.kafka.topic import TopicError

POLL_MS = 500
TIMEOUT_SECONDS = 10.0
_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, order=True)
class SeenRecord:
    """One record as the broker holds it; ordered by time, then place."""

    time_ms: int
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None

    @property
    def at(self) -> datetime | None:
        """Its Kafka time; None: it has none, or one beyond all calendars, as producers may give."""
        try:
            return _BEGIN + timedelta(milliseconds=self.time_ms) if self.time_ms >= 0 else None
        except OverflowError:
            return None


def text_of(content: bytes | None, longest: int | None = None) -> str | None:
    """A key or a payload to look at; what is no UTF-8 is shown by escapes.

    Args:
        content: of a record; None: there is none.
        longest: characters after which it is cut; None: all of it.
    """
    if content is None:
        return None
    text = content.decode("utf-8", "backslashreplace")
    return text if longest is None or len(text) <= longest else f"{text[:longest]} ..."


def newest_records(bootstrap_servers: Brokers, topic: str, count: int) -> list[SeenRecord]:
    """The newest `count` records by their Kafka time, oldest of them first.

    Each partition is read for its last `count` offsets; fewer come where offsets hold no record.

    Raises:
        TopicError: no broker answers, there is no such topic, or no record came in time.
        UnreadableRecordsError: records that cannot be unpacked here.
    """
    with committed_records(bootstrap_servers) as consumer:
        return sorted(_read(consumer, topic, count))[-count:]


def _read(consumer: KafkaConsumer, topic: str, count: int) -> list[SeenRecord]:
    places = [TopicPartition(topic, p) for p in consumer.partitions_for_topic(topic) or ()]
    if not places:
        raise TopicError(f"topic {topic} does not exist: `{ADLAKE} topics` lists them")
    begins, ends = consumer.beginning_offsets(places), consumer.end_offsets(places)
    consumer.assign(places)
    for place in places:
        consumer.seek(place, max(begins[place], ends[place] - count))
    found: list[SeenRecord] = []
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline and any(consumer.position(p) < ends[p] for p in places):
        for place, records in consumer.poll(timeout_ms=POLL_MS).items():
            found += [
                SeenRecord(one.timestamp, place.partition, one.offset, one.key, one.value)
                for one in records
                if one.offset < ends[place]
            ]
    if not found and any(consumer.position(p) < ends[p] for p in places):
        # Nobody may take a broker that went away for an empty topic.
        raise TopicError(f"topic {topic}: no record came within {TIMEOUT_SECONDS:.0f} seconds")
    return found
