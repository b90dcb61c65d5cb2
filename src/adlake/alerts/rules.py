"""Rules A to E over the windows of one campaign and segment, in plain Python: the reference form.

Each window is judged twice, by what had arrived at two cutoffs alone: so a verdict does not depend
on when it was computed. Windows without events are windows too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from adlake.alerts.contract import (
    CHANCE,
    CUSUM_DROP,
    RECOVERED,
    RECOVERED_VOLUME,
    SILENT_WINDOWS,
    VOLUME_DROP,
    Evaluation,
    Rule,
    Z,
)
from adlake.alerts.series import Series
from adlake.alerts.statistics import (
    cusum_reached,
    cusum_step,
    is_usable,
    poisson_at_most,
    wilson_upper,
)
from adlake.contracts.windows import EARLY_MS, FINAL_MS, WINDOW_MS

ZOf = Callable[[int, Evaluation], float]
"""Z of a window and evaluation."""


@dataclass(frozen=True)
class Verdict:
    """One evaluation of one window by one rule."""

    window_ms: int
    evaluation: Evaluation
    cutoff_ms: int
    fires: bool
    recovers: bool
    value: float
    threshold: float
    """B: the rate it looks for; C and D: the expected count."""
    k: int
    n: int
    bound: float | None
    """Wilson's bound, S as it was when it fired, or the probability."""
    baseline: str = ""
    """Where the usual rate or count is from: the hours of past weeks, or the last day."""
    rule_version: int = 1
    """Of the row of rules in force."""
    channels: str = ""
    """Of that row: who is told."""


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
    *, z_of: ZOf = lambda _window, _evaluation: Z, resolve_factor: float = RECOVERED,
) -> Iterator[Verdict]:  # fmt: skip
    """Rule A: the rate is below the threshold, beyond its sampling error."""
    for window, evaluation, cutoff in evaluations(windows):
        k, n = series.rate(metric, window, evaluation)
        if n == 0:
            continue
        wider = math.sqrt(series.overdispersion(metric, window))
        bound = wilson_upper(k, n, z_of(window, evaluation) * wider)
        yield Verdict(
            window, evaluation, cutoff,
            fires=bound is not None and bound < threshold,
            recovers=k / n >= resolve_factor * threshold,
            value=k / n, threshold=threshold, k=k, n=n, bound=bound,
        )  # fmt: skip


def relative_rate(series: Series, metric: str, windows: Sequence[int]) -> Iterator[Verdict]:
    """Rule B: the rate fell to half of the usual one; by final evaluations alone."""
    s = 0.0
    for window, evaluation, cutoff in evaluations(windows):
        if evaluation is Evaluation.EARLY:
            continue
        k, n = series.rate(metric, window, evaluation)
        usual, cases, baseline = series.usual_rate(metric, window)
        if n == 0 or not is_usable(usual, cases):
            continue
        reached = cusum_reached(s, (k, n), usual)
        s, fires = cusum_step(s, (k, n), usual)
        yield Verdict(
            window, evaluation, cutoff, fires=fires, recovers=s == 0, value=k / n,
            threshold=usual * CUSUM_DROP, k=k, n=n, bound=reached, baseline=baseline,
        )  # fmt: skip


def _counted(
    series: Series, name: str, windows: Sequence[int], is_active: Callable[[int], bool]
) -> Iterator[tuple[int, Evaluation, int, int]]:
    """Evaluations of the windows in which the campaign was active, with the count of each."""
    for window, evaluation, cutoff in evaluations(windows):
        if is_active(window):
            yield window, evaluation, cutoff, series.count(name, window, evaluation)


def volume_drop(
    series: Series, name: str, windows: Sequence[int], is_active: Callable[[int], bool]
) -> Iterator[Verdict]:
    """Rule C: half of the expected count or less, and not by chance."""
    for window, evaluation, cutoff, count in _counted(series, name, windows, is_active):
        expected, baseline = series.expected(name, window)
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
        expected, baseline = series.expected(name, window)
        row = [window - n * WINDOW_MS for n in range(SILENT_WINDOWS)]
        is_silent = not any(series.count(name, one, evaluation) for one in row)
        together = sum(series.expected(name, one)[0] for one in row) if is_silent else 0.0
        chance = None if count else math.exp(-max(expected, together))
        yield Verdict(
            window, evaluation, cutoff,
            fires=chance is not None and chance < CHANCE,
            recovers=count > 0, value=float(count), threshold=expected, k=count, n=count,
            bound=chance, baseline=baseline,
        )  # fmt: skip


def count_floor(
    series: Series, name: str, floor: float, windows: Sequence[int],
    is_active: Callable[[int], bool], *, resolve_factor: float = RECOVERED,
) -> Iterator[Verdict]:  # fmt: skip
    """Rule E: a count is below a number."""
    for window, evaluation, cutoff, count in _counted(series, name, windows, is_active):
        yield Verdict(
            window, evaluation, cutoff, fires=count < floor,
            recovers=count >= resolve_factor * floor,
            value=float(count), threshold=floor, k=count, n=count, bound=None,
        )  # fmt: skip


RECOVERY_WINDOWS: Final[Mapping[Rule, int]] = {
    Rule.STATIC_RATE: 3, Rule.RELATIVE_RATE: 3, Rule.VOLUME_DROP: 3, Rule.SILENCE: 1,
    Rule.COUNT_FLOOR: 3,
}  # fmt: skip
"""So many windows in a row end an incident."""
