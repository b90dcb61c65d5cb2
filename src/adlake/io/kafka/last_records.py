"""What the broker holds now where the lake read last.

A tail that was lost, and written again since, shows by nothing else.
"""

from __future__ import annotations

import logging
import time
import zlib
from collections.abc import Mapping
from dataclasses import replace

from kafka import KafkaConsumer, TopicPartition

from adlake.io.iceberg.stamp import LastRecord
from adlake.io.kafka.access import Brokers
from adlake.io.kafka.committed import committed_records
from adlake.io.kafka.topic import TopicFacts, UnreadableRecordsError, clear_errors

log = logging.getLogger(__name__)

POLL_MS = 500
TIMEOUT_SECONDS = 10.0


def with_last_records(
    topic: TopicFacts, bootstrap_servers: Brokers, contained: Mapping[int, LastRecord]
) -> TopicFacts:
    """The topic's facts with the records that the broker holds at these offsets.

    A partition is left out when retention has deleted that offset, when the log ends before it, or
    when no committed record lies there, or none that can be unpacked here: what cannot be known is
    not claimed.

    Raises:
        TopicError: no broker answers.
    """
    wanted = {
        TopicPartition(topic.name, p): last.offset
        for p, last in contained.items()
        if topic.begin_offsets.get(p, 0) <= last.offset < topic.end_offsets.get(p, 0)
    }
    if not wanted:
        return topic
    with committed_records(bootstrap_servers) as consumer:
        return replace(topic, last_records=_readable(consumer, wanted, bootstrap_servers))


def _readable(
    consumer: KafkaConsumer, wanted: Mapping[TopicPartition, int], bootstrap_servers: Brokers
) -> dict[int, LastRecord]:
    """Those of the records that can be unpacked; one that cannot must not hide the others."""
    try:
        with clear_errors(bootstrap_servers):
            return _read(consumer, wanted)
    except UnreadableRecordsError as error:
        if len(wanted) == 1:
            log.warning("the record at %s is not compared with the lake's: %s", wanted, error)
            return {}
    found: dict[int, LastRecord] = {}
    for partition, offset in wanted.items():
        found |= _readable(consumer, {partition: offset}, bootstrap_servers)
    return found


def _read(consumer: KafkaConsumer, wanted: Mapping[TopicPartition, int]) -> dict[int, LastRecord]:
    found: dict[int, LastRecord] = {}
    open_partitions = set(wanted)
    deadline = time.monotonic() + TIMEOUT_SECONDS
    consumer.assign(list(wanted))
    for partition, offset in wanted.items():
        consumer.seek(partition, offset)
    while open_partitions and time.monotonic() < deadline:
        for partition, records in consumer.poll(timeout_ms=POLL_MS).items():
            first = records[0]
            if partition in open_partitions and first.offset == wanted[partition]:
                crc32 = zlib.crc32(first.value or b"")
                found[partition.partition] = LastRecord(first.offset, first.timestamp, crc32)
        open_partitions = {p for p in wanted if consumer.position(p) <= wanted[p]}
        consumer.pause(*(p for p in wanted if p not in open_partitions))
    return found
