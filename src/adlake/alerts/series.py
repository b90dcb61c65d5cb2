"""What the rules see of one campaign and segment: counts of windows, and what is usual there.

Of each window two counts of each name are known: what had arrived at its early cutoff, and what at
its final one. What arrives later is seen by no rule. All that is usual is made of final counts of
windows that ended an hour before, so that both evaluations of a window share it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from adlake.alerts.contract import RATES, Evaluation
from adlake.alerts.statistics import Count, middle_rate, overdispersion, renewed_rate
from adlake.contracts.law import DAY_MS
from adlake.contracts.windows import EARLY_MS, FINAL_MS, WINDOW_MS

HOUR_MS: Final = 3_600_000
WEEK_MS: Final = 7 * DAY_MS
WEEKS: Final = 4
PAST_WEEKS, TRAILING_DAY = "hour_of_week", "trailing_24h"


@dataclass(frozen=True)
class Seen:
    """One distinct event of the campaign and segment."""

    event_ms: int
    name: str
    """What it is counted as: impressions, clicks, ..."""
    arrived_ms: int
    """Of its first delivery."""


class Series:
    """The counts of one campaign and segment."""

    def __init__(self, events: Iterable[Seen]) -> None:
        self._early: dict[str, dict[int, int]] = {}
        self._final: dict[str, dict[int, int]] = {}
        """Name -> window -> events; windows without any are left out."""
        for one in events:
            window = one.event_ms - one.event_ms % WINDOW_MS
            late_by = one.arrived_ms - window - WINDOW_MS
            for counts, cutoff in ((self._early, EARLY_MS), (self._final, FINAL_MS)):
                if late_by <= cutoff:
                    windows = counts.setdefault(one.name, {})
                    windows[window] = windows.get(window, 0) + 1
        self._windows = {name: sorted(found) for name, found in self._final.items()}
        self._sums = {
            name: [0, *accumulate(self._final[name][one] for one in windows)]
            for name, windows in self._windows.items()
        }
        seen = [one for windows in self._windows.values() for one in (windows[0], windows[-1])]
        self.first_ms = min(seen, default=0)
        """The first window in which anything is seen."""
        self.last_ms = max(seen, default=0)
        """The last one."""
        self._usual: dict[tuple[str, int], tuple[float, int] | None] = {}
        self._overdispersion: dict[tuple[str, int], float] = {}

    @property
    def is_empty(self) -> bool:
        """Nothing was seen in time."""
        return not self._windows

    def count(self, name: str, window_ms: int, evaluation: Evaluation) -> int:
        """Events of one window, as one of its evaluations sees them."""
        counts = self._early if evaluation is Evaluation.EARLY else self._final
        return counts.get(name, {}).get(window_ms, 0)

    def rate(self, metric: str, window_ms: int, evaluation: Evaluation) -> Count:
        """K and n of a rate in one window."""
        k, n = RATES[metric]
        return self.count(k, window_ms, evaluation), self.count(n, window_ms, evaluation)

    def total(self, name: str, begin_ms: int, end_ms: int) -> int:
        """The final counts of the windows in [begin, end), added up."""
        windows, sums = self._windows.get(name, []), self._sums.get(name, [0])
        return sums[bisect_left(windows, end_ms)] - sums[bisect_left(windows, begin_ms)]

    def usual_rate(self, metric: str, window_ms: int) -> tuple[float, int, str]:
        """The usual rate at a window, the cases it is made of, and where they are from."""
        if usual := self._usual_of_hour(metric, window_ms - window_ms % HOUR_MS):
            return *usual, PAST_WEEKS
        k, n = self._totals(metric, *_last_day(window_ms))
        return (k / n if n else 0.0), n, TRAILING_DAY

    def expected(self, name: str, window_ms: int) -> tuple[float, str]:
        """The expected count of a window, and where it is from."""
        hour_ms = window_ms - window_ms % HOUR_MS
        weeks = [
            self.total(name, begin_ms, begin_ms + HOUR_MS)
            for begin_ms in _weeks_before(hour_ms)
            if begin_ms + HOUR_MS > self.first_ms
        ]
        if weeks:
            middle = sorted(weeks)[(len(weeks) - 1) // 2 : len(weeks) // 2 + 1]
            return sum(middle) / len(middle) / (HOUR_MS // WINDOW_MS), PAST_WEEKS
        day = self.total(name, *_last_day(window_ms))
        return day / (DAY_MS // WINDOW_MS), TRAILING_DAY

    def overdispersion(self, metric: str, window_ms: int) -> float:
        """Of the windows of the week that ends an hour before a window."""
        key = metric, window_ms
        if key not in self._overdispersion:
            end_ms, cases = window_ms - HOUR_MS, RATES[metric][1]
            windows = self._windows.get(cases, [])
            week = windows[bisect_left(windows, end_ms - WEEK_MS) : bisect_left(windows, end_ms)]
            counts = [self.rate(metric, one, Evaluation.FINAL) for one in week]
            self._overdispersion[key] = overdispersion(counts)
        return self._overdispersion[key]

    def _totals(self, metric: str, begin_ms: int, end_ms: int) -> Count:
        k, n = RATES[metric]
        return self.total(k, begin_ms, end_ms), self.total(n, begin_ms, end_ms)

    def _usual_of_hour(self, metric: str, hour_ms: int) -> tuple[float, int] | None:
        """From the same hour of the weeks before, week by week; None: none of them has cases."""
        key = metric, hour_ms
        if key not in self._usual:
            usual: tuple[float, int] | None = None
            weeks = max(0, (hour_ms - self.first_ms) // WEEK_MS)
            for week_ms in range(hour_ms - weeks * WEEK_MS, hour_ms + 1, WEEK_MS):
                past = [self._totals(metric, one, one + HOUR_MS) for one in _weeks_before(week_ms)]
                if found := middle_rate(past):
                    before = usual[0] if usual else None
                    usual = renewed_rate(found[0], before), found[1]
            self._usual[key] = usual
        return self._usual[key]


def _weeks_before(hour_ms: int) -> Sequence[int]:
    """The same hour in each of the last weeks."""
    return [hour_ms - n * WEEK_MS for n in range(1, WEEKS + 1)]


def _last_day(window_ms: int) -> tuple[int, int]:
    """The 24 hours that end an hour before the window."""
    return window_ms - HOUR_MS - DAY_MS, window_ms - HOUR_MS
