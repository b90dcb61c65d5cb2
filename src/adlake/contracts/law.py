"""Constants of the attribution law. All durations in milliseconds.

Version 1 stands here; every version, this one too, is a dated row of `adlake.law_versions`. A
change of any of these is a new law version and a full rebuild of Gold from Bronze.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MS_PER_SECOND: Final = 1_000
DAY_MS: Final = 86_400_000
CROWDED_EVENTS: Final = 256
"""An impression with so many events is reported, and keeps all of them."""
MICROS_PER_UNIT: Final = 1_000_000
"""Money is integer micros inside, DECIMAL(18,6) outside."""


@dataclass(frozen=True)
class LawConstants:
    """One version of the law's constants (milliseconds)."""

    law_version: int
    attribution_window_ms: int
    """W: a conversion counts up to and including this long after its click. From the beginning of
    time until the first of `window_changes`."""
    late_tolerance_ms: int
    """L: an event is late when it arrives more than this after it happened."""
    future_tolerance_ms: int
    """F: an event stamped further ahead of its Kafka time is rejected."""
    window_changes: tuple[tuple[int, int], ...] = ()
    """Later values of W: (valid from this conversion time, epoch ms; W), ascending."""

    def window_at(self, conversion_ms: int) -> int:
        """W for a conversion of that time: a rule of events, never of the time of a run."""
        window_ms = self.attribution_window_ms
        for valid_from_ms, changed_window_ms in self.window_changes:
            if conversion_ms >= valid_from_ms:
                window_ms = changed_window_ms
        return window_ms

    @property
    def in_words(self) -> str:
        """`law version 2, lookback 14 d`; several lookbacks with the time each begins."""
        days = [f"{self.attribution_window_ms / DAY_MS:g} d"]
        days += [f"{window / DAY_MS:g} d from {at} ms" for at, window in self.window_changes]
        return f"law version {self.law_version}, lookback {', '.join(days)}"

    @property
    def longest_window_ms(self) -> int:
        """The longest W of any time."""
        return max(self.attribution_window_ms, *(w for _, w in self.window_changes), 0)


ReadLaw = Callable[[int], LawConstants]
"""Gives the recorded law of a version."""

LAW_V1: Final = LawConstants(
    law_version=1,
    attribution_window_ms=7 * 24 * 3_600_000,
    late_tolerance_ms=3_600_000,
    future_tolerance_ms=300_000,
)

SECONDS_BELOW: Final = 100_000_000_000
"""Timestamps 0 <= n < 10^11 are epoch seconds, everything else milliseconds."""
MIN_EVENT_MS: Final = 1_420_070_400_000
"""2015-01-01T00:00:00Z, the first admissible event time."""
MAX_EVENT_MS_EXCLUSIVE: Final = 100_000_000_000_000
"""10^14 ms, the first inadmissible event time (year 5138)."""
MAX_PAYLOAD_BYTES: Final = 1_048_576
MAX_NESTING_DEPTH: Final = 1_000
"""Depth of the top object is 1."""
MAX_ID_BYTES: Final = 256
MONEY_BELOW_MICROS: Final = 10**18
"""Absolute money, rounded to micros, must stay below 10^12 units."""
