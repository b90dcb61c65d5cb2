"""The statistics of the KPI-alert rules, in plain Python: the reference form.

Counts are whole numbers, rates are fractions, logarithms are natural.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from typing import Final

from adlake.alerts.contract import (
    CUSUM_DROP,
    CUSUM_LIMIT,
    FAMILY_ALPHA,
    LEAST_BASELINE,
    NEW_WEEK_SHARE,
    OVERDISPERSION_WINDOWS,
    Z,
)

Count = tuple[int, int]
"""k of n."""
_NEGLIGIBLE: Final = 1e-17


def wilson_upper(k: int, n: int, z: float = Z) -> float | None:
    """Upper end of Wilson's score interval of k of n; None where it says nothing (n = 0, k >= n).

    E. B. Wilson, Probable inference, the law of succession, and statistical inference, Journal of
    the American Statistical Association 22 (1927).
    """
    if n <= 0 or k >= n:
        return None
    p, square = k / n, z * z
    spread = z * math.sqrt(p * (1 - p) / n + square / (4 * n * n))
    return (p + square / (2 * n) + spread) / (1 + square / n)


def poisson_at_most(count: int, expected: float) -> float:
    """P(X <= count) of a Poisson number with this mean, for counts up to the mean.

    The terms fall from the last one down, by i / mean each: few are worth adding.
    """
    if count < 0:
        return 0.0
    if expected <= 0:
        return 1.0
    term = math.exp(count * math.log(expected) - expected - math.lgamma(count + 1))
    total = 0.0
    while count >= 0 and term > _NEGLIGIBLE * total:
        total += term
        term *= count / expected
        count -= 1
    return min(1.0, total)


def cusum_reached(s: float, count: Count, usual: float) -> float:
    """What S comes to in one window.

    Bernoulli CUSUM for a fall to `CUSUM_DROP` of the usual rate: M. R. Reynolds and Z. G. Stoumbos,
    A CUSUM chart for monitoring a proportion when inspecting continuously, Journal of Quality
    Technology 31 (1999). A window without cases leaves S alone.
    """
    k, n = min(count), count[1]
    if n <= 0:
        return s
    dropped = usual * CUSUM_DROP
    gain = k * math.log(dropped / usual) + (n - k) * math.log((1 - dropped) / (1 - usual))
    return max(0.0, s + gain)


def cusum_step(s: float, count: Count, usual: float) -> tuple[float, bool]:
    """S after one window, and whether it fires; S begins anew when it does."""
    reached = cusum_reached(s, count, usual)
    return (0.0, True) if reached >= CUSUM_LIMIT else (reached, False)


def middle_rate(weeks: Iterable[Count]) -> tuple[float, int] | None:
    """Median of the rates of an hour in past weeks, and their cases; None: there are none."""
    known = [one for one in weeks if one[1] > 0]
    if not known:
        return None
    return statistics.median(k / n for k, n in known), sum(n for _, n in known)


def renewed_rate(middle: float, before: float | None) -> float:
    """The usual rate of an hour of the week, from its median and what it was a week ago."""
    return middle if before is None else NEW_WEEK_SHARE * middle + (1 - NEW_WEEK_SHARE) * before


def is_usable(usual: float, cases: int) -> bool:
    """Whether a usual rate says enough to notice a fall from it."""
    return cases >= LEAST_BASELINE and 0 < usual < 1


def overdispersion(windows: Sequence[Count]) -> float:
    """How much more a rate varies from window to window than chance alone explains; at least 1.

    The sample variance of the standardised rates of the last week's windows; 1 for fewer than
    `OVERDISPERSION_WINDOWS` of them with cases.
    """
    known = [one for one in windows if one[1] > 0]
    cases = sum(n for _, n in known)
    if len(known) < OVERDISPERSION_WINDOWS:
        return 1.0
    p = sum(k for k, _ in known) / cases
    if not 0 < p < 1:
        return 1.0
    scores = [(k - n * p) / math.sqrt(n * p * (1 - p)) for k, n in known]
    return max(1.0, statistics.variance(scores))


def z_among(campaigns: int) -> float:
    """Z that keeps all campaigns of a window together at `FAMILY_ALPHA` (Bonferroni)."""
    return statistics.NormalDist().inv_cdf(1 - FAMILY_ALPHA / max(1, campaigns))
