"""Offsets that hold no record for a reader: transaction marks and aborted records.

Kafka counts them, read_committed consumers never see them. Only the broker can tell such a hole
from a lost record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kafka import KafkaConsumer, TopicPartition

from adlake.io.deadline import NO_DEADLINE, Deadline
from adlake.io.header_names import accept_any_header_names
from adlake.io.topic import (
    COMMAND_BOOTSTRAP_SECONDS,
    REQUEST_SECONDS,
    UnreadableRecordsError,
    clear_errors,
)

FindHoles = Callable[[Sequence["OffsetRange"]], Sequence["OffsetRange"]]
"""Those of the given ranges that hold no record, as the broker says."""
POLL_MS = 1_000
POLLS = 5


@dataclass(frozen=True)
class OffsetRange:
    """Offsets first <= offset < next of one partition."""

    partition: int
    first: int
    next: int


def ranges_without_records(
    bootstrap_servers: str,
    topic: str,
    ranges: Sequence[OffsetRange],
    deadline: Deadline = NO_DEADLINE,
) -> list[OffsetRange]:
    """Those of the ranges in which the broker holds no committed record.

    A range that retention has deleted, or that the broker does not answer for, is not among them:
    what cannot be known is not claimed. `deadline` bounds each request.

    Raises:
        TopicError: no broker answers.
    """
    accept_any_header_names()
    with clear_errors(bootstrap_servers):
        consumer = KafkaConsumer(
            bootstrap_servers=bootstrap_servers, isolation_level="read_committed",
            enable_auto_commit=False, max_poll_records=1,
            request_timeout_ms=deadline.patience_ms(REQUEST_SECONDS),
            bootstrap_timeout_ms=deadline.patience_ms(COMMAND_BOOTSTRAP_SECONDS),
        )  # fmt: skip
        try:
            return [one for one in ranges if _is_empty(consumer, topic, one, bootstrap_servers)]
        finally:
            consumer.close()


def _is_empty(
    consumer: KafkaConsumer, topic: str, wanted: OffsetRange, bootstrap_servers: str
) -> bool:
    try:
        with clear_errors(bootstrap_servers):
            return _holds_nothing(consumer, topic, wanted)
    except UnreadableRecordsError:
        return False  # marks and aborted records are never unpacked: a record lies there


def _holds_nothing(consumer: KafkaConsumer, topic: str, wanted: OffsetRange) -> bool:
    partition = TopicPartition(topic, wanted.partition)
    if consumer.beginning_offsets([partition])[partition] > wanted.first:
        return False
    consumer.assign([partition])
    consumer.seek(partition, wanted.first)
    for _ in range(POLLS):
        for records in consumer.poll(timeout_ms=POLL_MS, max_records=1).values():
            return bool(records[0].offset >= wanted.next)
        if consumer.position(partition) >= wanted.next:
            return True
    return False
