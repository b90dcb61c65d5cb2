"""Holds what producers say they sent against the broker's offsets and against Bronze.

The only check that sees volume vanish while every reader's position survives: a broker that lost
the end of its log, and perhaps gave the same offsets to other records since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from adlake.folders import ADLAKE
from adlake.io.kafka.topic import TopicFacts
from adlake.io.postgres.source_incarnations import SourceIncarnation
from adlake.proof.log_segments import Segment, incarnations_of_broker_log, partitions_held
from adlake.proof.producer_counts import ProducerCount
from adlake.proof.verdict import OffsetCoverage


@dataclass(frozen=True)
class AuditLine:
    """One partition, or (`partition` None) the sum over all."""

    partition: int | None
    acknowledged: int
    """Records that producers say were acknowledged."""
    broker_offsets: int
    """Offsets the broker ever gave out: its end offset."""
    bronze_offsets: int
    """Distinct offsets in Bronze, of the log that the broker has now."""


@dataclass(frozen=True)
class Missing:
    """Records that are not where they should be; `next_offset` is exclusive, None: not known."""

    partition: int | None
    first_offset: int | None
    next_offset: int | None
    records: int
    problem: str
    is_pending: bool = False
    """The stream has not read them yet: no loss."""

    def __str__(self) -> str:
        where = "all partitions" if self.partition is None else f"partition {self.partition}"
        if self.first_offset is not None and self.next_offset is not None:
            where += f", offsets {self.first_offset:,} to {self.next_offset - 1:,}"
        return f"{where}: {self.records:,} records, {self.problem}"


@dataclass(frozen=True)
class ProducerAudit:
    """What producers, broker and Bronze count, side by side."""

    lines: tuple[AuditLine, ...]
    missing: tuple[Missing, ...]
    notes: tuple[str, ...]

    @property
    def lost(self) -> tuple[Missing, ...]:
        """What is missing and will not come by itself."""
        return tuple(one for one in self.missing if not one.is_pending)


FindRanges = Callable[[OffsetCoverage], Iterable[tuple[int, int]]]
"""The ranges (first, exclusive end) of offsets that Bronze lacks within what it holds."""


def audit_producers(
    counts: Sequence[ProducerCount],
    broker: TopicFacts,
    bronze: Sequence[OffsetCoverage],
    lacking_ranges: FindRanges,
    incarnations: Sequence[SourceIncarnation] = (),
) -> ProducerAudit:
    """Compare the counts of one topic, partition by partition and in total.

    Args:
        counts: what producers say, of any topic; other topics and topic ids are only noted.
        broker: the topic now.
        bronze: what Bronze holds, by label and partition.
        lacking_ranges: asked for partitions in which Bronze has a gap.
        incarnations: the topic's source incarnations, oldest first; none: only the first.
    """
    ours = [c for c in counts if c.topic == broker.name and c.topic_id in ("", broker.topic_id)]
    held = partitions_held(
        bronze, incarnations_of_broker_log(incarnations or [SourceIncarnation(broker.name)])
    )
    partitions = sorted({*broker.end_offsets, *held, *(c.partition for c in ours if c.is_exact)})
    lines: list[AuditLine] = []
    missing: list[Missing] = []
    for number in partitions:
        told = [count for count in ours if count.partition == number]
        segments = held.get(number, [])
        lines.append(_line(number, told, broker, segments))
        missing += _lost_by_broker(number, told, broker.written.get(number, 0))
        missing += _lacking_before(lines[-1], broker, segments)
        missing += _given_up(number, broker, segments)
        missing += _lacking_in_bronze(number, broker, segments, lacking_ranges)
    total = _total(lines, ours)
    missing += _lost_in_total(total, missing)
    notes = (*_notes(counts, ours, total), *_notes_on_incarnations(held))
    return ProducerAudit((*lines, total), tuple(missing), notes)


def _line(
    number: int, told: Sequence[ProducerCount], broker: TopicFacts, segments: Sequence[Segment]
) -> AuditLine:
    return AuditLine(
        partition=number,
        acknowledged=sum(count.records for count in told),
        broker_offsets=broker.written.get(number, 0),
        bronze_offsets=sum(segment.offsets for segment in segments),
    )


def _total(lines: Sequence[AuditLine], ours: Sequence[ProducerCount]) -> AuditLine:
    """The sum; producers that keep no count by partition join it here."""
    return AuditLine(
        partition=None,
        acknowledged=sum(count.records for count in ours),
        broker_offsets=sum(line.broker_offsets for line in lines),
        bronze_offsets=sum(line.bronze_offsets for line in lines),
    )


def _lost_by_broker(
    number: int, told: Sequence[ProducerCount], end_offset: int
) -> Iterator[Missing]:
    """Acknowledged, and gone: behind the end, or overwritten by records with the same offsets."""
    furthest = max((count.next_offset for count in told), default=0)
    if furthest > end_offset:
        lost = furthest - end_offset
        problem = "acknowledged, but the broker's log ends before them"
        yield Missing(number, end_offset, furthest, lost, problem)
    reused = sum(count.reused for count in told)
    surplus = sum(count.records for count in told) - max(furthest, end_offset)
    if surplus > 0 or reused:
        problem = (
            "acknowledged under offsets that other records have now: the broker lost the end of "
            "its log and went on"
        )
        yield Missing(number, None, None, max(surplus, reused), problem)


def _lacking_before(
    line: AuditLine, broker: TopicFacts, segments: Sequence[Segment]
) -> Iterator[Missing]:
    """Records from before Bronze begins; those of a topic older than the lake are nobody's loss."""
    begin = broker.begin_offsets.get(line.partition or 0, 0)
    first = segments[0].first if segments else begin
    following = segments[-1].next if segments else begin
    still_there = first - min(begin, first)
    # What was given up between two incarnations is told on its own.
    elsewhere = sum(later.first - earlier.next for earlier, later in pairwise(segments))
    elsewhere += max(0, line.broker_offsets - following)
    claimed = line.acknowledged - line.bronze_offsets - elsewhere
    if still_there:
        problem = "from before the first one in Bronze; the broker still has them"
        yield Missing(line.partition, begin, first, still_there, problem)
    elif first and claimed > 0:
        problem = "from before the first one in Bronze; the broker deleted them"
        yield Missing(line.partition, 0, first, min(first, claimed), problem)


def _given_up(number: int, broker: TopicFacts, segments: Sequence[Segment]) -> Iterator[Missing]:
    """Records between two source incarnations: going on without them does not bring them back."""
    begin = broker.begin_offsets.get(number, 0)
    for earlier, later in pairwise(segments):
        gone = max(earlier.next, min(begin, later.first))
        if gone > earlier.next:
            problem = (
                "never read: the broker deleted them, and a new source incarnation went on without "
                f"them (`{ADLAKE} source show`)"
            )
            yield Missing(number, earlier.next, gone, gone - earlier.next, problem)
        if later.first > gone:
            problem = "between two source incarnations; the broker still has them"
            yield Missing(number, gone, later.first, later.first - gone, problem)


def _lacking_in_bronze(
    number: int,
    broker: TopicFacts,
    segments: Sequence[Segment],
    lacking_ranges: FindRanges,
) -> Iterator[Missing]:
    begin, end = broker.begin_offsets.get(number, 0), broker.end_offsets.get(number, 0)
    following = segments[-1].next if segments else begin
    for segment in segments:
        for first, beyond in _ranges_within(segment, lacking_ranges):
            yield Missing(number, first, beyond, beyond - first, "between those in Bronze")
    if following < end:
        problem = f"not in Bronze yet: `{ADLAKE} wait`, then ask again"
        yield Missing(number, following, end, end - following, problem, is_pending=True)
    if (behind := broker.pending.get(number, 0)) and following <= end:
        problem = "behind an open transaction: nobody may read them until it ends"
        yield Missing(number, end, end + behind, behind, problem, is_pending=True)
    elif following > end:
        problem = "in Bronze, but the broker's log ends before them"
        yield Missing(number, end, following, following - end, problem)


def _ranges_within(segment: Segment, lacking_ranges: FindRanges) -> Iterator[tuple[int, int]]:
    coverage = segment.coverage
    if coverage is None or coverage.distinct_offsets >= coverage.width:
        return
    for first, beyond in lacking_ranges(coverage):
        if first < segment.next:
            yield first, min(beyond, segment.next)


def _lost_in_total(total: AuditLine, missing: Sequence[Missing]) -> Iterator[Missing]:
    """Shows only what no partition showed: producers without a count by partition."""
    lost = total.acknowledged - total.broker_offsets
    # What is pending lies at the broker: it explains nothing.
    if lost > 0 and all(one.is_pending for one in missing):
        yield Missing(None, None, None, lost, "acknowledged, but the broker's logs are shorter")


def _notes(
    counts: Sequence[ProducerCount], ours: Sequence[ProducerCount], total: AuditLine
) -> Iterator[str]:
    if not ours:
        yield "no producer's counts are known here: only the broker and Bronze are compared"
    for producer in sorted({count.producer for count in counts if count not in ours}):
        yield f"{producer} counted another topic, or one of the same name before it was made anew"
    for producer in sorted({count.producer for count in ours if not count.is_exact}):
        yield f"{producer} kept no count by partition: it is compared in total alone"
    extra = total.broker_offsets - total.acknowledged
    if ours and extra > 0:
        resent = min(extra, sum(count.resent_at_most for count in ours))
        yield (
            f"{extra:,} records are in no producer's counts; runs that were killed may have sent "
            f"{resent:,} of them"
        )


def _notes_on_incarnations(held: Mapping[int, Sequence[Segment]]) -> Iterator[str]:
    for number, segments in held.items():
        for segment in segments[:-1]:
            if segment.replaced and segment.coverage is not None:
                earlier = segment.coverage
                yield (
                    f"partition {number} was read again from offset {segment.next:,}: Bronze also "
                    f"keeps {earlier.topic} up to offset {earlier.next_offset - 1:,}, with what "
                    "the broker lost since"
                )
