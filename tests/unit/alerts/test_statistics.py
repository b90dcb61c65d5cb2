"""The statistics of the rules against values worked by hand, and by exact sums."""

from __future__ import annotations

import math
from fractions import Fraction
from random import Random

import pytest

from adlake.alerts.contract import CHANCE, STATIC_THRESHOLDS
from adlake.alerts.statistics import (
    cusum_step,
    is_usable,
    middle_rate,
    overdispersion,
    poisson_at_most,
    renewed_rate,
    wilson_upper,
    z_among,
)

LOW = STATIC_THRESHOLDS["ctr"]


@pytest.mark.parametrize(
    ("k", "n", "bound"),
    [
        (12, 100, 0.215664), (10, 200, 0.099156), (4, 800, 0.014994122), (5, 800, 0.016827724),
        (13, 800, 0.030360),
    ],
)  # fmt: skip
def test_k1_to_k4_bounds_worked_by_hand(k: int, n: int, bound: float) -> None:
    found = wilson_upper(k, n)
    assert found == pytest.approx(bound, abs=5e-7)


@pytest.mark.parametrize(("k", "n"), [(0, 0), (3, 0), (5, 5), (6, 5)])
def test_nothing_is_said_of_no_cases_or_of_all(k: int, n: int) -> None:
    assert wilson_upper(k, n) is None


@pytest.mark.parametrize(
    ("n", "largest"),
    [(355, None), (356, 0), (500, 1), (600, 2), (800, 4), (1_500, 11), (2_000, 17)],
)
def test_k3_the_largest_count_that_fires(n: int, largest: int | None) -> None:
    firing = [k for k in range(n) if (wilson_upper(k, n) or 1.0) < LOW]
    assert max(firing, default=None) == largest


def test_z_of_nought_is_the_plain_comparison() -> None:
    assert wilson_upper(14, 1_000, z=0.0) == 0.014 < LOW
    assert wilson_upper(15, 1_000, z=0.0) == LOW


def chance_of_firing(n: int, rate: float) -> float:
    """Exact: the sum of the binomial probabilities of the counts that fire."""
    fires = [k for k in range(n) if (wilson_upper(k, n) or 1.0) < LOW]
    return sum(math.comb(n, k) * rate**k * (1 - rate) ** (n - k) for k in fires)


def test_false_alarms_are_rare_and_real_drops_are_seen() -> None:
    assert chance_of_firing(100, 0.02) == 0
    assert chance_of_firing(500, 0.02) == pytest.approx(0.0005, abs=1e-4)
    assert chance_of_firing(1_500, 0.02) < 1e-4
    for n, power in ((500, 0.29), (800, 0.63), (1_500, 0.92)):
        assert chance_of_firing(n, 0.005) == pytest.approx(power, abs=0.006)
    plain = sum(math.comb(100, k) * 0.02**k * 0.98 ** (100 - k) for k in range(2))
    assert plain == pytest.approx(0.40, abs=0.005), "what a rule without statistics would fire"


def test_a_seeded_simulation_gives_the_same_shares() -> None:
    dice, trials = Random(7), 4_000

    def share(n: int, rate: float) -> float:
        fired = 0
        for _ in range(trials):
            k = (
                dice.binomialvariate(n, rate)
                if hasattr(dice, "binomialvariate")
                else sum(dice.random() < rate for _ in range(n))
            )
            fired += (wilson_upper(k, n) or 1.0) < LOW
        return fired / trials

    assert share(500, 0.02) < 0.002
    assert share(500, 0.005) == pytest.approx(0.29, abs=0.025)


@pytest.mark.parametrize(
    ("count", "expected", "fires"),
    [(40, 120.0, True), (3, 12.0, False), (0, 13.9, True), (0, 13.8, False), (0, 15.0, True)],
)
def test_k7_what_is_too_unlikely_for_chance(count: int, expected: float, fires: bool) -> None:
    assert (poisson_at_most(count, expected) < CHANCE) == fires


def test_k7_tails_worked_by_hand() -> None:
    assert poisson_at_most(40, 120.0) == pytest.approx(2.1e-17, rel=0.03)
    assert poisson_at_most(3, 12.0) == pytest.approx(0.0023, abs=5e-5)
    assert poisson_at_most(0, 15.0) == pytest.approx(3.1e-7, rel=0.02)


@pytest.mark.parametrize("expected", [0.5, 3.0, 40.0, 700.0, 50_000.0])
def test_tails_are_those_of_the_whole_sum(expected: float) -> None:
    for count in {0, int(expected / 3), int(expected / 2), int(expected)}:
        logs = [i * math.log(expected) - expected - math.lgamma(i + 1) for i in range(count + 1)]
        whole = math.fsum(map(math.exp, logs))
        assert poisson_at_most(count, expected) == pytest.approx(whole, rel=1e-9, abs=1e-300)
    assert poisson_at_most(-1, expected) == 0
    assert poisson_at_most(5, 0.0) == 1


def test_k6_the_sum_fires_after_ten_windows_without_a_click() -> None:
    s, fired = 0.0, []
    for _ in range(10):
        s, fires = cusum_step(s, (0, 100), 0.02)
        fired.append(fires)
    assert fired == [False] * 9 + [True]
    assert s == 0
    assert 10 * 100 * math.log(0.99 / 0.98) == pytest.approx(10.152371, abs=1e-6)


def test_k6_a_story_of_clicks() -> None:
    clicks = (2, 1, 0, 0, 3, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0)
    s, seen = 0.0, []
    for k in clicks[:-1]:
        s, fires = cusum_step(s, (k, 100), 0.02)
        assert not fires
        seen.append(round(s, 6))
    assert seen[:5] == [0, 0.311938, 1.327175, 2.342412, 1.24775]
    assert seen[-1] == 9.993523
    assert s + 100 * math.log(0.99 / 0.98) == pytest.approx(11.008760, abs=1e-6)
    assert cusum_step(s, (clicks[-1], 100), 0.02) == (0.0, True)


def test_windows_without_cases_and_more_hits_than_cases() -> None:
    assert cusum_step(3.5, (4, 0), 0.02) == (3.5, False)
    assert cusum_step(3.5, (9, 5), 0.02) == cusum_step(3.5, (5, 5), 0.02)


def test_k8_the_usual_rate_of_an_hour_of_the_week() -> None:
    weeks = [(18, 1_000), (22, 1_000), (20, 1_000), (30, 1_000)]
    found = middle_rate(weeks)
    assert found == (pytest.approx(0.021), 4_000)
    assert renewed_rate(0.021, 0.020) == pytest.approx(0.0202)
    assert renewed_rate(0.021, None) == 0.021
    assert middle_rate([(18, 1_000), (0, 0)]) == (0.018, 1_000)
    assert middle_rate([(0, 0)]) is None


@pytest.mark.parametrize(
    ("usual", "cases", "is_enough"),
    [(0.02, 1_000, True), (0.02, 999, False), (0.0, 5_000, False), (1.0, 5_000, False)],
)
def test_too_little_makes_no_usual_rate(usual: float, cases: int, is_enough: bool) -> None:
    assert is_usable(usual, cases) == is_enough


def test_overdispersion_needs_a_day_of_windows_and_is_never_below_one() -> None:
    calm = [(2, 100)] * 288
    assert overdispersion(calm) == 1
    wild = [(0, 100), (4, 100)] * 144
    assert overdispersion(wild[:-1]) == 1
    exact = Fraction(288, 287) * Fraction(4) / (100 * Fraction(2, 100) * Fraction(98, 100))
    assert overdispersion(wild) == pytest.approx(float(exact))
    assert overdispersion([*wild, (7, 0)]) == overdispersion(wild)
    assert overdispersion([(0, 100)] * 300) == 1


def test_z_of_twenty_campaigns() -> None:
    assert z_among(20) == pytest.approx(3.2905, abs=5e-5)
    assert z_among(1) == pytest.approx(2.3263, abs=5e-5)
