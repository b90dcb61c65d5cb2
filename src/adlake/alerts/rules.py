"""Rules A to E over the windows of one campaign and segment, in plain Python: the reference form.

Each window is judged twice, by what had arrived at two cutoffs alone: so a verdict does not depend
on when it was computed. Windows without events are windows too.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from adlake.alerts.contract import (
    CHANCE,
    CUSUM_DROP,
    RATES,
    SILENT_WINDOWS,
    VOLUME_DROP,
    Rule,
    Z,
)
from adlake.alerts.statistics import (
    Count,
    cusum_step,
    is_usable,
    middle_rate,
    overdispersion,
    poisson_at_most,
    renewed_rate,
    wilson_upper,
)
from adlake.contracts.law import DAY_MS
from adlake.contracts.windows import EARLY_MS, FINAL_MS, WINDOW_MS

HOUR_MS: Final = 3_600_000
WEEK_MS: Final = 7 * DAY_MS
WEEKS: Final = 4
RECOVERED: Final = 1.1
"""Of a threshold: rules A and E."""
RECOVERED_VOLUME: Final = 0.8
"""Of the expected count: rule C."""


class Evaluation(StrEnum):
    """Which of the two."""

    EARLY = "early"
    FINAL = "final"


@dataclass(frozen=True)
class Seen:
    """One distinct event of the campaign and segment."""

    event_ms: int
    name: str
    """What it is counted as: impressions, clicks, ..."""
    arrived_ms: int
    """Of its first delivery."""


@dataclass(frozen=True)
class Verdict:
    """One evaluation of one window by one rule."""

    window_ms: int
    evaluation: Evaluation
    cutoff_ms: int
    fires: bool
    recovers: bool | None
    """None: the window says nothing about that, it neither counts nor breaks a row."""
    value: float | None
    threshold: float
    """B: the rate it looks for; C and D: the expected count."""
    k: int
    n: int
    bound: float | None
    """Wilson's bound, S or the probability."""
    baseline: str = ""
    """Where the usual rate or count is from: the hours of past weeks, or the last day."""


PAST_WEEKS, TRAILING_DAY = "hour_of_week", "trailing_24h"


class Series:
    """The events of one campaign and segment, as they had arrived at any moment."""

    def __init__(self, events: Sequence[Seen]) -> None:
        self._arrivals: dict[str, dict[int, list[int]]] = {}
        """Name -> window -> when its events arrived, ascending."""
        for one in sorted(events, key=lambda one: one.arrived_ms):
            windows = self._arrivals.setdefault(one.name, {})
            windows.setdefault(one.event_ms - one.event_ms % WINDOW_MS, []).append(one.arrived_ms)
        self._windows = {name: sorted(found) for name, found in self._arrivals.items()}
        self._first_ms = min((one.event_ms for one in events), default=0)

    def windows(self, name: str, begin_ms: int, end_ms: int) -> list[int]:
        """Windows in [begin, end) that have events of this name; both are windows' beginnings."""
        known = self._windows.get(name, [])
        return known[bisect_left(known, begin_ms) : bisect_left(known, end_ms)]

    def count(self, name: str, begin_ms: int, end_ms: int, cutoff_ms: int) -> int:
        """Events of the windows in [begin, end) that had arrived at the cutoff."""
        return sum(
            bisect_right(self._arrivals[name][one], cutoff_ms)
            for one in self.windows(name, begin_ms, end_ms)
        )

    def rate(self, metric: str, begin_ms: int, end_ms: int, cutoff_ms: int) -> Count:
        """K and n of a rate."""
        k, n = RATES[metric]
        return (
            self.count(k, begin_ms, end_ms, cutoff_ms), self.count(n, begin_ms, end_ms, cutoff_ms),
        )  # fmt: skip

    def usual_rate(self, metric: str, window_ms: int, cutoff_ms: int) -> tuple[float, int, str]:
        """The usual rate at a window, the cases it is made of, and where they are from."""
        hour_ms = window_ms - window_ms % HOUR_MS
        usual: float | None = None
        cases = 0
        for week_ms in range(self._first_week(hour_ms), hour_ms + 1, WEEK_MS):
            past = [
                self.rate(metric, week_ms - n * WEEK_MS, week_ms - n * WEEK_MS + HOUR_MS, cutoff_ms)
                for n in range(1, WEEKS + 1)
            ]
            if found := middle_rate(past):
                usual, cases = renewed_rate(found[0], usual), found[1]
        if usual is not None:
            return usual, cases, PAST_WEEKS
        k, n = self.rate(metric, *_last_day(window_ms), cutoff_ms)
        return (k / n if n else 0.0), n, TRAILING_DAY

    def expected(self, name: str, window_ms: int, cutoff_ms: int) -> tuple[float, str]:
        """The expected count of a window, and where it is from."""
        hour_ms = window_ms - window_ms % HOUR_MS
        weeks = [
            self.count(name, begin_ms, begin_ms + HOUR_MS, cutoff_ms)
            for begin_ms in (hour_ms - n * WEEK_MS for n in range(1, WEEKS + 1))
            if begin_ms + HOUR_MS > self._first_ms
        ]
        if weeks:
            middle = sorted(weeks)[(len(weeks) - 1) // 2 : len(weeks) // 2 + 1]
            return sum(middle) / len(middle) / (HOUR_MS // WINDOW_MS), PAST_WEEKS
        day = self.count(name, *_last_day(window_ms), cutoff_ms)
        return day / (DAY_MS // WINDOW_MS), TRAILING_DAY

    def overdispersion(self, metric: str, window_ms: int, cutoff_ms: int) -> float:
        """Of the windows of the week before."""
        begin_ms, cases = window_ms - WEEK_MS, RATES[metric][1]
        return overdispersion([
            self.rate(metric, one, one + WINDOW_MS, cutoff_ms)
            for one in self.windows(cases, begin_ms, window_ms)
        ])  # fmt: skip

    def _first_week(self, hour_ms: int) -> int:
        """The same hour in the first week that has a past."""
        weeks = max(0, (hour_ms - self._first_ms) // WEEK_MS)
        return hour_ms - weeks * WEEK_MS


def _last_day(window_ms: int) -> tuple[int, int]:
    """The 24 hours that end an hour before the window."""
    return window_ms - HOUR_MS - DAY_MS, window_ms - HOUR_MS


def evaluations(windows: Sequence[int]) -> Iterator[tuple[int, Evaluation, int]]:
    """Window, which evaluation, cutoff; in the order in which they are applied."""
    both = [
        (window + WINDOW_MS + after, window, evaluation)
        for window in windows
        for evaluation, after in ((Evaluation.EARLY, EARLY_MS), (Evaluation.FINAL, FINAL_MS))
    ]
    for cutoff, window, evaluation in sorted(both):
        yield window, evaluation, cutoff


def static_rate(
    series: Series, metric: str, threshold: float, windows: Sequence[int],
    z_of: Callable[[int, int], float] = lambda _window, _cutoff: Z,
) -> Iterator[Verdict]:  # fmt: skip
    """Rule A: the rate is below the threshold, beyond its sampling error."""
    for window, evaluation, cutoff in evaluations(windows):
        k, n = series.rate(metric, window, window + WINDOW_MS, cutoff)
        wider = math.sqrt(series.overdispersion(metric, window, cutoff))
        bound = wilson_upper(k, n, z_of(window, cutoff) * wider)
        yield Verdict(
            window, evaluation, cutoff,
            fires=bound is not None and bound < threshold,
            recovers=k / n >= RECOVERED * threshold if n else None,
            value=k / n if n else None, threshold=threshold, k=k, n=n, bound=bound,
        )  # fmt: skip


def relative_rate(series: Series, metric: str, windows: Sequence[int]) -> Iterator[Verdict]:
    """Rule B: the rate fell to half of the usual one; by final evaluations alone."""
    s = 0.0
    for window, evaluation, cutoff in evaluations(windows):
        if evaluation is Evaluation.EARLY:
            continue
        k, n = series.rate(metric, window, window + WINDOW_MS, cutoff)
        usual, cases, baseline = series.usual_rate(metric, window, cutoff)
        if n == 0 or not is_usable(usual, cases):
            continue
        s, fires = cusum_step(s, (k, n), usual)
        yield Verdict(
            window, evaluation, cutoff, fires=fires, recovers=s == 0 and not fires, value=k / n,
            threshold=usual * CUSUM_DROP, k=k, n=n, bound=s, baseline=baseline,
        )  # fmt: skip


def _counted(
    series: Series, name: str, windows: Sequence[int], is_active: Callable[[int], bool]
) -> Iterator[tuple[int, Evaluation, int, int]]:
    """Evaluations of the windows in which the campaign was active, with the count of each."""
    for window, evaluation, cutoff in evaluations(windows):
        if is_active(window):
            count = series.count(name, window, window + WINDOW_MS, cutoff)
            yield window, evaluation, cutoff, count


def volume_drop(
    series: Series, name: str, windows: Sequence[int], is_active: Callable[[int], bool]
) -> Iterator[Verdict]:
    """Rule C: half of the expected count or less, and not by chance."""
    for window, evaluation, cutoff, count in _counted(series, name, windows, is_active):
        expected, baseline = series.expected(name, window, cutoff)
        is_low = 1 <= count <= VOLUME_DROP * expected
        chance = poisson_at_most(count, expected) if is_low else None
        yield Verdict(
            window, evaluation, cutoff,
            fires=chance is not None and chance < CHANCE,
            recovers=count >= RECOVERED_VOLUME * expected, value=float(count), threshold=expected,
            k=count, n=count, bound=chance, baseline=baseline,
        )  # fmt: skip


def silence(
    series: Series, name: str, windows: Sequence[int], is_active: Callable[[int], bool]
) -> Iterator[Verdict]:
    """Rule D: nothing came where something was expected, in one window or in three in a row."""
    for window, evaluation, cutoff, count in _counted(series, name, windows, is_active):
        expected, baseline = series.expected(name, window, cutoff)
        row = [window - n * WINDOW_MS for n in range(SILENT_WINDOWS)]
        is_silent = not series.count(name, row[-1], window + WINDOW_MS, cutoff)
        together = sum(series.expected(name, one, cutoff)[0] for one in row) if is_silent else 0.0
        chance = None if count else math.exp(-max(expected, together))
        yield Verdict(
            window, evaluation, cutoff,
            fires=chance is not None and chance < CHANCE,
            recovers=count > 0, value=float(count), threshold=expected, k=count, n=count,
            bound=chance, baseline=baseline,
        )  # fmt: skip


def count_floor(
    series: Series, name: str, floor: float, windows: Sequence[int],
    is_active: Callable[[int], bool],
) -> Iterator[Verdict]:  # fmt: skip
    """Rule E: a count is below a number."""
    for window, evaluation, cutoff, count in _counted(series, name, windows, is_active):
        yield Verdict(
            window, evaluation, cutoff, fires=count < floor, recovers=count >= RECOVERED * floor,
            value=float(count), threshold=floor, k=count, n=count, bound=None,
        )  # fmt: skip


RECOVERY_WINDOWS: Final[Mapping[Rule, int]] = {
    Rule.STATIC_RATE: 3, Rule.RELATIVE_RATE: 3, Rule.VOLUME_DROP: 3, Rule.SILENCE: 1,
    Rule.COUNT_FLOOR: 3,
}  # fmt: skip
"""So many windows in a row end an incident."""
