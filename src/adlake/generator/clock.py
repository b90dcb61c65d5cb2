"""Virtual time: the delivery with sequence number n is sent at `time_of(n)`.

Time is a function of n alone, never of the wall clock: first the history, N deliveries spread over
its hours by the day/night rhythm and ending at the start moment; then live traffic at the given
rate. The live rate is flat, so that a paced run holds what it was asked for; `daily_rhythm` makes
the live rate follow the hours too (the rate is then the mean over a day). A resumed live run may
jump over the time it was down: jumps are recorded in the checkpoint, hence part of the run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

QUARTER_MS: Final = 900_000
ENDLESS: Final = 1 << 62
HOUR_FACTOR_PERMILLE: Final = (
    520, 400, 320, 280, 300, 400, 600, 820, 980, 1_060, 1_100, 1_130,
    1_170, 1_180, 1_160, 1_160, 1_190, 1_260, 1_400, 1_540, 1_620, 1_580, 1_230, 800,
)  # fmt: skip
"""Traffic by UTC hour against the daily mean (mean 1,050 permille, normalised on use)."""
_FACTOR_SUM = sum(HOUR_FACTOR_PERMILLE)


@dataclass(frozen=True)
class Segment:
    """Deliveries [first, end): time of n = start_ms + (n - first) * step_num // step_den."""

    first: int
    end: int
    start_ms: int
    step_num: int
    step_den: int

    def time_of(self, sequence: int) -> int:
        """Virtual send time (epoch ms) of a delivery inside this segment."""
        return self.start_ms + (sequence - self.first) * self.step_num // self.step_den


@dataclass
class VirtualClock:
    """Maps delivery sequence numbers to virtual milliseconds since 1970.

    `origins` holds (sequence, epoch ms) of each start of live traffic, the first at the start
    moment and one more per recorded jump.
    """

    start_ms: int
    milli_rate: int
    history_ms: int = 0
    history_events: int = 0
    daily_rhythm: bool = False
    origins: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.origins:
            self.origins = [(self.history_events, self.start_ms)]

    def jump(self, sequence: int, epoch_ms: int) -> None:
        """From delivery `sequence` on, live time starts again at `epoch_ms`."""
        self.origins.append((sequence, epoch_ms))

    def time_of(self, sequence: int) -> int:
        """Virtual send time (epoch ms) of one delivery."""
        return self.segment_of(sequence).time_of(sequence)

    def segment_of(self, sequence: int) -> Segment:
        """The segment that contains this delivery."""
        if sequence < self.history_events:
            return self._history_segment(sequence)
        return self._live_segment(sequence)

    def _history_segment(self, sequence: int) -> Segment:
        begin = self.start_ms - self.history_ms
        quarters = max(1, self.history_ms // QUARTER_MS)
        weights = [_factor(begin + quarter * QUARTER_MS) for quarter in range(quarters)]
        total, seen = sum(weights), 0
        for quarter, weight in enumerate(weights):
            first = self.history_events * seen // total
            seen += weight
            end = self.history_events * seen // total
            if first <= sequence < end:
                width = self.history_ms // quarters
                return Segment(first, end, begin + quarter * width, width, end - first)
        raise AssertionError(f"delivery {sequence} is outside the history")

    def _live_segment(self, sequence: int) -> Segment:
        index = max(i for i, (first, _) in enumerate(self.origins) if first <= sequence)
        first, start = self.origins[index]
        end = self.origins[index + 1][0] if index + 1 < len(self.origins) else ENDLESS
        if not self.daily_rhythm:
            return Segment(first, end, start, 1_000_000, self.milli_rate)
        while True:
            rate = self.milli_rate * _factor(start) * 24 // _FACTOR_SUM
            stop_ms = (start // QUARTER_MS + 1) * QUARTER_MS
            count = max(1, (stop_ms - start) * rate // 1_000_000)
            if sequence < first + count:
                return Segment(first, min(end, first + count), start, stop_ms - start, count)
            first, start = first + count, stop_ms


def _factor(epoch_ms: int) -> int:
    return HOUR_FACTOR_PERMILLE[epoch_ms // 3_600_000 % 24]
