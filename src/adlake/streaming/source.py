"""Where reading the topic goes on, and what makes that unsafe.

The stamps in the tables are the only memory. What would lose or repeat records is refused by name;
an operator may then begin a new source incarnation on purpose (`adlake source`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from adlake.contracts.errors import AdlakeError
from adlake.contracts.source import IncarnationKind, incarnation_of_label
from adlake.folders import ADLAKE
from adlake.io.iceberg.stamp import LastRecord, Stamp
from adlake.io.kafka.topic import TopicFacts
from adlake.io.postgres.source_incarnations import SourceIncarnation

EARLIEST = -2
"""Spark's name for the first offset of a partition."""
_GO_ON = f'go on without them by `{ADLAKE} source continue --reason "..."`'


class UnsafeSourceError(AdlakeError):
    """Going on by itself would lose or misplace records."""

    is_lasting = True
    kind: ClassVar[IncarnationKind] = IncarnationKind.DECLARED
    """What a history that goes on after this is recorded as."""


class TopicRecreatedError(UnsafeSourceError):
    """The topic is not the one the tables were built from."""

    kind = IncarnationKind.RECREATED


class BrokerLostDataError(UnsafeSourceError):
    """The broker holds less than the tables already contain."""

    kind = IncarnationKind.LOST_TAIL


class RetentionGapError(UnsafeSourceError):
    """The broker deleted records that were never read."""

    kind = IncarnationKind.RETENTION_GAP


@dataclass(frozen=True)
class SourcePosition:
    """Where reading goes on: the first offset not contained, by partition, of one topic id."""

    topic_id: str
    next_offsets: Mapping[int, int]
    last_records: Mapping[int, LastRecord] = field(default_factory=dict)
    """The record before each next offset, where known."""


def source_position(stamp: Stamp | None, incarnation: SourceIncarnation) -> SourcePosition | None:
    """The newest stamp's position, or the start of a source incarnation that has no stamp yet.

    None: nothing was ever read in the first incarnation.
    """
    if stamp is not None and incarnation_of_label(stamp.source_label) >= incarnation.number:
        return SourcePosition(stamp.topic_id, stamp.next_offsets, stamp.last_records)
    if incarnation.topic_id:
        return SourcePosition(incarnation.topic_id, incarnation.start_offsets)
    return None


def check_topic(position: SourcePosition | None, topic: TopicFacts) -> None:
    """Compare where the lake is with the broker.

    Raises:
        TopicRecreatedError, BrokerLostDataError, RetentionGapError: the message names the
            partitions.
    """
    if position is None:
        return
    if position.topic_id != topic.topic_id:
        raise TopicRecreatedError(
            f"topic {topic.name} has id {topic.topic_id}, but the lake was filled from id "
            f"{position.topic_id}: it was deleted and made again, and its offsets mean other "
            f"records now. Restore the old broker data, or {_GO_ON}"
        )
    if lost := _beyond_the_end(position, topic):
        raise BrokerLostDataError(
            "the broker ends before what the lake contains (partition: lake, broker): "
            f"{lost}; the broker lost its tail. Restore it, or {_GO_ON}"
        )
    if other := _written_again(position, topic):
        raise BrokerLostDataError(
            "the broker holds other records than those the lake read last (partition: offset): "
            f"{other}; it lost its tail, and was written to since. Restore it, or {_GO_ON}"
        )
    if gaps := _before_the_beginning(position, topic):
        raise RetentionGapError(
            "retention deleted records that were never read (partition: next, first left): "
            f"{gaps}; raise ADLAKE_TOPIC_RETENTION_BYTES, and {_GO_ON}"
        )


def begins_another_topic(incarnation: SourceIncarnation) -> bool:
    """Whether the topic was made again before this incarnation.

    The first incarnation has no recorded topic id, so ids cannot be compared.
    """
    return incarnation.kind is IncarnationKind.RECREATED


def continued_offsets(position: SourcePosition, topic: TopicFacts) -> dict[int, int]:
    """Where a new source incarnation begins so that no record the broker still has is left out.

    A partition that lost its tail is read again from its beginning: which of its offsets hold new
    records is unknown. The law counts an event once, however often it is read.
    """
    if position.topic_id != topic.topic_id:
        return dict(topic.begin_offsets)
    unsafe = {
        *_beyond_the_end(position, topic),
        *_written_again(position, topic),
        *_before_the_beginning(position, topic),
    }
    return {
        partition: begin if partition in unsafe else position.next_offsets.get(partition, begin)
        for partition, begin in topic.begin_offsets.items()
    }


def starting_offsets(position: SourcePosition | None, topic: TopicFacts) -> str:
    """Spark's `startingOffsets`: where reading goes on, the beginning of unknown partitions."""
    known = position.next_offsets if position else {}
    return json.dumps({topic.name: {str(p): known.get(p, EARLIEST) for p in topic.end_offsets}})


def _beyond_the_end(position: SourcePosition, topic: TopicFacts) -> dict[int, tuple[int, int]]:
    return {
        p: (offset, topic.end_offsets.get(p, 0))
        for p, offset in position.next_offsets.items()
        if offset > topic.end_offsets.get(p, 0)
    }


def _written_again(position: SourcePosition, topic: TopicFacts) -> dict[int, int]:
    return {
        p: last.offset
        for p, last in position.last_records.items()
        if not last.is_same(topic.last_records.get(p, last))
    }


def _before_the_beginning(
    position: SourcePosition, topic: TopicFacts
) -> dict[int, tuple[int, int]]:
    return {
        p: (position.next_offsets.get(p, 0), begin)
        for p, begin in topic.begin_offsets.items()
        if position.next_offsets.get(p, 0) < begin
    }
