"""The newest records of a topic, for people who look."""

from __future__ import annotations

import time
from dataclasses import dataclass

from kafka import KafkaConsumer, TopicPartition

from adlake.folders import ADLAKE
from adlake.io.kafka.access import Brokers
from adlake.io.kafka.committed import committed_records
from adlake.io.kafka.topic import TopicError

POLL_MS = 500
TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True, order=True)
class SeenRecord:
    """One record as the broker holds it; ordered by time, then place."""

    time_ms: int
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


def newest_records(bootstrap_servers: Brokers, topic: str, count: int) -> list[SeenRecord]:
    """The newest `count` records by their Kafka time, oldest of them first.

    Each partition is read for its last `count` offsets; fewer come where offsets hold no record.

    Raises:
        TopicError: no broker answers, or there is no such topic.
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
    return found
