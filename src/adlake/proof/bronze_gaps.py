"""The offsets that Bronze lacks, and who says that they hold no record: broker or batch counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from adlake.io.kafka.holes import FindHoles, OffsetRange, judged
from adlake.io.sql.files import SqlValue, bind, sql_text
from adlake.io.trino.client import ColumnMissingError, TableMissingError, TrinoClient
from adlake.proof.records_sql import records_values
from adlake.proof.verdict import OffsetCoverage, Pin

OFFSETS_PER_RANGE = 500_000
"""Distinct offsets of a range and a partition are held in memory by Trino."""
LOST_NAMED = 100
"""So many ranges of a partition are named."""


@dataclass(frozen=True)
class Gaps:
    """What one partition lacks: offsets without a record, and the first ranges that are lost."""

    empty: int = 0
    lost: tuple[OffsetRange, ...] = ()


class _Tally:
    """Gaps of one partition, apart for what is recorded (before `until`) and what came later."""

    def __init__(self, until: int, recorded: int) -> None:
        self._until, self._recorded = until, recorded
        self._empty = self._old_missing = self._old_lost_width = 0
        self._old_lost: list[OffsetRange] = []
        self._new_lost: list[OffsetRange] = []

    def add(self, gap: OffsetRange, is_hole: bool) -> None:
        is_old = gap.next <= self._until
        self._old_missing += gap.width * is_old
        self._empty += gap.width * is_hole
        if is_hole:
            return
        self._old_lost_width += gap.width * is_old
        lost = self._old_lost if is_old else self._new_lost
        if len(lost) < LOST_NAMED:
            lost.append(gap)

    def result(self) -> Gaps:
        """What was recorded as empty can be in no Bronze: as many missing, so the same ones."""
        if self._old_missing == self._recorded:
            return Gaps(self._empty + self._old_lost_width, tuple(self._new_lost))
        return Gaps(self._empty, tuple((self._old_lost + self._new_lost)[:LOST_NAMED]))


def explained_gaps(
    trino: TrinoClient, pin: Pin, coverages: Sequence[OffsetCoverage], find_holes: FindHoles
) -> dict[int, Gaps]:
    """The gaps of these partitions of one source incarnation, by partition.

    The broker is asked. What it cannot tell any more (retention, another log) the batch counts
    know, if it was recorded in time.
    """
    tallies = {one.partition: _Tally(*_recorded(trino, pin, one)) for one in coverages}
    for gap, is_hole in judged(missing_ranges(trino, pin, coverages), find_holes):
        tallies[gap.partition].add(gap, is_hole)
    return {partition: tally.result() for partition, tally in tallies.items()}


def _recorded(trino: TrinoClient, pin: Pin, coverage: OffsetCoverage) -> tuple[int, int]:
    """Up to which offset the batch counts go, and how many they call empty."""
    values: dict[str, SqlValue] = {
        "kafka_topic": coverage.topic,
        "kafka_partition": coverage.partition,
        "next_offset": coverage.next_offset,
    }
    if not pin.has_counts:
        return 0, 0
    try:
        row = trino.one(bind(sql_text("proof/recorded_empty"), values))
    except (TableMissingError, ColumnMissingError):
        return 0, 0  # of an older driver
    return row["recorded_until"], row["empty_offsets"]


def missing_ranges(
    trino: TrinoClient, pin: Pin, coverages: Sequence[OffsetCoverage]
) -> Iterator[OffsetRange]:
    """Ranges that Bronze lacks within what these partitions hold, of one source incarnation.

    However many: they are read piece by piece.
    """
    reached = {(one.topic, one.partition): one.first_offset for one in coverages}
    ends = {(one.topic, one.partition): one.next_offset for one in coverages}
    lowest, highest = min(reached.values(), default=0), max(ends.values(), default=0)
    for parameters in offset_ranges(pin, lowest, highest):
        held = trino.rows(bind(sql_text("proof/held_ranges"), parameters))
        for topic, partition, first, following in held:
            place = (topic, partition)
            if place not in reached or following <= reached[place]:
                continue
            gap = OffsetRange(partition, reached[place], min(first, ends[place]))
            if gap.width > 0:
                yield gap
            reached[place] = following
    for place, end in ends.items():
        if reached[place] < end:
            yield OffsetRange(place[1], reached[place], end)


def offset_ranges(pin: Pin, lowest: int, highest: int) -> Iterator[dict[str, SqlValue]]:
    """Parameters of the queries that together read these offsets."""
    for first in range(lowest, highest, OFFSETS_PER_RANGE):
        yield {
            **records_values(pin.records_table),
            "bronze_snapshot": pin.bronze_snapshot,
            "first_offset": first,
            "next_offset": first + OFFSETS_PER_RANGE,
        }
