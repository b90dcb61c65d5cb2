"""Which offsets of the log that the broker has now are in Bronze, over all its source epochs.

`adlake source continue` gives the same topic another label in Bronze, so the offsets of one log may
lie under several. What a later epoch read again counts there alone: the broker may have given these
offsets to other records in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adlake.io.postgres.source_epochs import SourceEpoch
from adlake.proof.verdict import OffsetCoverage
from adlake.streaming.source import begins_another_topic


@dataclass(frozen=True)
class Segment:
    """Offsets first <= offset < next that one source epoch took in; none when both are equal."""

    first: int
    next: int
    coverage: OffsetCoverage | None
    """What Bronze holds of that epoch; it may reach beyond `next`."""

    @property
    def offsets(self) -> int:
        """Distinct offsets in Bronze; at most so many when a later epoch reads a part again."""
        held = 0 if self.coverage is None else self.coverage.distinct_offsets
        return min(held, self.next - self.first)

    @property
    def replaced(self) -> int:
        """Offsets that a later epoch read again, and those that the broker lost meanwhile."""
        return 0 if self.coverage is None else self.coverage.next_offset - self.next


def epochs_of_broker_log(epochs: Sequence[SourceEpoch]) -> list[SourceEpoch]:
    """The newest epochs, oldest first, back to the one in which the topic was made again."""
    found: list[SourceEpoch] = []
    for epoch in reversed(epochs):
        found.insert(0, epoch)
        if begins_another_topic(epoch):
            break
    return found


def log_segments(
    partition: int, coverages: Sequence[OffsetCoverage], epochs: Sequence[SourceEpoch]
) -> list[Segment]:
    """What Bronze holds of one partition of the broker's log, ascending and without overlap.

    Args:
        partition: its number.
        coverages: what Bronze holds, under any label.
        epochs: of the broker's log, oldest first; see `epochs_of_broker_log`.
    """
    held = {one.topic: one for one in coverages if one.partition == partition}
    segments: list[Segment] = []
    bound: int | None = None
    for epoch in reversed(epochs):
        coverage, start = held.get(epoch.label), epoch.start_offsets.get(partition)
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
    coverages: Sequence[OffsetCoverage], epochs: Sequence[SourceEpoch]
) -> dict[int, list[Segment]]:
    """The segments of every partition that Bronze knows of, by partition."""
    labels = {epoch.label for epoch in epochs}
    numbers = {one.partition for one in coverages if one.topic in labels}
    numbers |= {number for epoch in epochs for number in epoch.start_offsets}
    return {number: log_segments(number, coverages, epochs) for number in sorted(numbers)}
