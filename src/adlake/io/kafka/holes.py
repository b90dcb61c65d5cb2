"""Offsets that hold no record for a reader: transaction marks and aborted records.

Kafka counts them, read_committed consumers never see them. Only the broker can tell such a hole
from a lost record.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from kafka import KafkaConsumer, TopicPartition

from adlake.io.deadline import NO_DEADLINE, Deadline
from adlake.io.kafka.access import Brokers
from adlake.io.kafka.committed import committed_records
from adlake.io.kafka.topic import (
    COMMAND_BOOTSTRAP_SECONDS,
    REQUEST_SECONDS,
    TopicError,
    UnreadableRecordsError,
    clear_errors,
)

FindHoles = Callable[[Sequence["OffsetRange"]], Sequence["OffsetRange"]]
"""Those of the given ranges that hold no record, as the broker says."""
RANGES_AT_ONCE = 10_000
"""So many are asked about over one connection, and held in memory."""
POLL_MS = 1_000
POLLS = 5
"""So many polls in a row that bring nothing: the broker does not answer."""
NEAR_OFFSETS = 500
"""To read on over so many records costs less than to seek and fetch anew."""
_FETCH_BYTES = 256 * 1024


@dataclass(frozen=True, order=True)
class OffsetRange:
    """Offsets first <= offset < next of one partition."""

    partition: int
    first: int
    next: int

    @property
    def width(self) -> int:
        """How many offsets."""
        return self.next - self.first


def judged(
    ranges: Iterable[OffsetRange], find_holes: FindHoles
) -> Iterator[tuple[OffsetRange, bool]]:
    """Each range with whether it holds no record; asked piece by piece, however many there are."""
    source = iter(ranges)
    while piece := list(islice(source, RANGES_AT_ONCE)):
        holes = set(find_holes(piece))
        yield from ((one, one in holes) for one in piece)


def counted_within(
    ranges: Iterable[OffsetRange], holes: Iterable[OffsetRange]
) -> Counter[OffsetRange]:
    """Offsets of the holes within each of the ranges, which do not overlap."""
    ordered: dict[int, list[OffsetRange]] = defaultdict(list)
    for one in sorted(ranges):
        ordered[one.partition].append(one)
    found: Counter[OffsetRange] = Counter()
    for hole in holes:
        known = ordered[hole.partition]
        place = bisect_right(known, hole.first, key=lambda one: one.first) - 1
        if place >= 0 and hole.next <= known[place].next:
            found[known[place]] += hole.width
    return found


def ranges_without_records(
    bootstrap_servers: Brokers,
    topic: str,
    ranges: Sequence[OffsetRange],
    deadline: Deadline = NO_DEADLINE,
) -> list[OffsetRange]:
    """Those of the ranges in which the broker holds no committed record, in order.

    A range that retention has deleted, or that reaches behind an open transaction, is not among
    them: what cannot be known is not claimed. `deadline` bounds each request.

    Raises:
        TopicError: no broker answers.
    """
    with committed_records(
        bootstrap_servers, max_partition_fetch_bytes=_FETCH_BYTES,
        request_timeout_ms=deadline.patience_ms(REQUEST_SECONDS),
        bootstrap_timeout_ms=deadline.patience_ms(COMMAND_BOOTSTRAP_SECONDS),
    ) as consumer:  # fmt: skip
        return [
            one
            for partition, wanted in groupby(sorted(ranges), lambda one: one.partition)
            for one in _holes(
                _Reader(consumer, TopicPartition(topic, partition), bootstrap_servers), wanted
            )
        ]


def _holes(reader: _Reader, wanted: Iterator[OffsetRange]) -> Iterator[OffsetRange]:
    begin, end = reader.readable_offsets()
    for one in wanted:
        if begin <= one.first and one.next <= end and reader.finds_nothing_in(one):
            yield one


class _Reader:
    """Walks over one partition, forwards: near ranges cost one fetch together."""

    def __init__(
        self, consumer: KafkaConsumer, partition: TopicPartition, bootstrap_servers: Brokers
    ) -> None:
        self._consumer = consumer
        self._partition = partition
        self._bootstrap_servers = bootstrap_servers
        consumer.assign([partition])
        self._offsets: deque[int] = deque()
        """Of records read and not passed yet."""
        self._position: int | None = None

    def readable_offsets(self) -> tuple[int, int]:
        """The first offset that the broker still has, and the last stable one."""
        keys = [self._partition]
        begin, end = self._consumer.beginning_offsets(keys), self._consumer.end_offsets(keys)
        return begin[self._partition], end[self._partition]

    def finds_nothing_in(self, one: OffsetRange) -> bool:
        """Whether no record lies in the range; asked in the order of the ranges."""
        for _ in range(2):  # what cannot be unpacked may lie before the range, on the way to it
            try:
                with clear_errors(self._bootstrap_servers):
                    return self._first_record_is_behind(one)
            except UnreadableRecordsError:
                self._offsets.clear()
                self._position = None
        return False  # marks and aborted records are never unpacked: a record lies there

    def _first_record_is_behind(self, one: OffsetRange) -> bool:
        while self._offsets and self._offsets[0] < one.first:
            self._offsets.popleft()
        if not self._offsets:
            self._go_to(one.first)
        silent = 0
        while not self._offsets and (before := self._position or 0) < one.next:
            for records in self._consumer.poll(timeout_ms=POLL_MS).values():
                self._offsets.extend(r.offset for r in records if r.offset >= one.first)
            self._position = self._consumer.position(self._partition)
            silent = silent + 1 if self._position == before else 0
            if silent == POLLS:
                raise TopicError(
                    f"Kafka does not show what partition {one.partition} holds from offset "
                    f"{before:,} on: see `make status`, then ask again"
                )
        return not self._offsets or self._offsets[0] >= one.next

    def _go_to(self, offset: int) -> None:
        position = self._position
        if position is None or not position <= offset <= position + NEAR_OFFSETS:
            self._consumer.seek(self._partition, offset)
            self._position = offset
