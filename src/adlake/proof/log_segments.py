"""Which offsets of the log that the broker has now are in Bronze, over all its source incarnations.

`adlake source continue` gives the same topic another label in Bronze, so the offsets of one log may
lie under several. What a later incarnation read again counts there alone: the broker may have given
these offsets to other records in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adlake.io.postgres.source_incarnations import SourceIncarnation
from adlake.proof.verdict import OffsetCoverage
from adlake.streaming.source import begins_another_topic


@dataclass(frozen=True)
class Segment:
    """Offsets first <= offset < next that one incarnation took in; none when both are equal."""

    first: int
    next: int
    coverage: OffsetCoverage | None
    """What Bronze holds of that incarnation; it may reach beyond `next`."""

    @property
    def offsets(self) -> int:
        """Distinct offsets in Bronze; at most so many when a later one reads a part again."""
        held = 0 if self.coverage is None else self.coverage.distinct_offsets
        return min(held, self.next - self.first)

    @property
    def replaced(self) -> int:
        """Offsets that a later incarnation read again, and those that the broker lost meanwhile."""
        return 0 if self.coverage is None else self.coverage.next_offset - self.next


def incarnations_of_broker_log(
    incarnations: Sequence[SourceIncarnation],
) -> list[SourceIncarnation]:
    """The newest incarnations, oldest first, back to the one in which the topic was made again."""
    found: list[SourceIncarnation] = []
    for incarnation in reversed(incarnations):
        found.insert(0, incarnation)
        if begins_another_topic(incarnation):
            break
    return found


def log_segments(
    partition: int, coverages: Sequence[OffsetCoverage], incarnations: Sequence[SourceIncarnation]
) -> list[Segment]:
    """What Bronze holds of one partition of the broker's log, ascending and without overlap.

    Args:
        partition: its number.
        coverages: what Bronze holds, under any label.
        incarnations: of the broker's log, oldest first; see `incarnations_of_broker_log`.
    """
    held = {one.topic: one for one in coverages if one.partition == partition}
    segments: list[Segment] = []
    bound: int | None = None
    for incarnation in reversed(incarnations):
        coverage, start = held.get(incarnation.label), incarnation.start_offsets.get(partition)
        if coverage is not None:
            following = coverage.next_offset if bound is None else min(coverage.next_offset, bound)
            first = min(coverage.first_offset, following)
            segments.insert(0, Segment(first, following, coverage))
        elif not segments and start is not None:
            segments.insert(0, Segment(start, start, None))  # begun, nothing read yet
        if start is not None:
            bound = start if bound is None else min(bound, start)
    return segments


def partitions_held(
    coverages: Sequence[OffsetCoverage], incarnations: Sequence[SourceIncarnation]
) -> dict[int, list[Segment]]:
    """The segments of every partition that Bronze knows of, by partition."""
    labels = {incarnation.label for incarnation in incarnations}
    numbers = {one.partition for one in coverages if one.topic in labels}
    numbers |= {number for incarnation in incarnations for number in incarnation.start_offsets}
    return {number: log_segments(number, coverages, incarnations) for number in sorted(numbers)}
