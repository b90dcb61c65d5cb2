"""Removal effects: published worked examples, and the definition in exact fractions."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adlake.models.contract import UNIT
from adlake.models.markov import Journey, removal_of
from tests.fixtures.models.definitions import (
    chain_of,
    conversion_probability,
    removal_effects,
)
from tests.fixtures.models.patience import PATIENT


@dataclass(frozen=True)
class Published:
    """Journeys with what a publication says of them."""

    source: str
    journeys: list[Journey]
    converts: Fraction
    effects: dict[str, Fraction]
    conversions: dict[str, Fraction]
    """The journeys' conversions, divided by the effects."""


BRYL = Published(
    "S. Bryl', Marketing Multi-Channel Attribution model with R (part 1: Markov chains concept), "
    "2016, https://analyzecore.com/2016/08/03/attribution-model-r-part-1/; its numbers also in "
    "test/test.js of https://github.com/JesseCastro/markovattribution",
    [(("C1", "C2", "C3"), True), (("C1",), False), (("C2", "C3"), False)],
    Fraction(1, 3),
    {"C1": Fraction(1, 2), "C2": Fraction(1), "C3": Fraction(1)},
    {"C1": Fraction(2, 10), "C2": Fraction(4, 10), "C3": Fraction(4, 10)},
)
PUZYROV = Published(
    "S. Puzyrov, Markov Chain Attribution - Simple Explanation Of Removal Effect, 2019, https://"
    "serhiipuzyrov.com/2019/07/markov-chain-attribution-simple-explanation-of-removal-effect/ "
    "(journeys and transition probabilities; what follows from them is worked by hand)",
    [
        (("google ads",), True), (("google ads",), True), (("mailing",), True),
        (("google ads", "mailing"), True), (("google ads",), False),
    ],
    # 0.8 * (0.5 + 0.25 * 1) + 0.2 * 1; without google ads 0.2; without mailing 0.8 * 0.5.
    Fraction(8, 10),
    {"google ads": Fraction(3, 4), "mailing": Fraction(1, 2)},
    {"google ads": Fraction(24, 10), "mailing": Fraction(16, 10)},
)  # fmt: skip
PYCHATTR = Published(
    "J. Woloso, pychattr, README of https://github.com/jmwoloso/pychattr: A 1.991106 and "
    "B 1.008894 conversions, by 10,000 simulated paths; the exact values are 2 and 1",
    [(tuple("ABABBA"), True), (tuple("ABBAA"), True), (tuple("AA"), True)],
    Fraction(1),
    {"A": Fraction(1), "B": Fraction(1, 2)},
    {"A": Fraction(2), "B": Fraction(1)},
)
EXAMPLES = pytest.mark.parametrize("example", [BRYL, PUZYROV, PYCHATTR], ids=lambda one: one.source)


def probability(units: int) -> Fraction:
    return Fraction(units, UNIT)


@EXAMPLES
def test_published_examples(example: Published) -> None:
    removal = removal_of(example.journeys)
    within = pytest.approx
    assert probability(removal.converts) == within(example.converts, abs=1e-11)
    effects = {c: Fraction(lost, removal.converts) for c, lost in removal.lost.items()}
    assert effects == within(example.effects, abs=1e-11)
    total = sum(converts for _, converts in example.journeys)
    divided = {c: total * lost / sum(effects.values()) for c, lost in effects.items()}
    assert divided == within(example.conversions, abs=1e-10)


@EXAMPLES
def test_the_definition_gives_the_published_numbers_exactly(example: Published) -> None:
    assert conversion_probability(chain_of(example.journeys)) == example.converts
    assert removal_effects(example.journeys) == example.effects


NAMES = st.sampled_from(["a", "b", "c", "d", "é", None])
JOURNEYS = st.lists(
    st.tuples(st.lists(NAMES, min_size=1, max_size=8), st.booleans()), min_size=1, max_size=12
)


@PATIENT
@given(JOURNEYS)
def test_fixed_point_is_the_definition_within_a_few_units(journeys: list[Journey]) -> None:
    """The definition removes one campaign after the other, and leaves repeats as they are."""
    removal = removal_of(journeys)
    if not any(converts for _, converts in journeys):
        assert removal.converts == 0
        assert set(removal.lost.values()) == {0}
        return
    whole = conversion_probability(chain_of(journeys))
    assert abs(probability(removal.converts) - whole) < Fraction(1, 10**9)
    for campaign, effect in removal_effects(journeys).items():
        lost = probability(removal.lost[campaign])
        assert abs(lost - effect * whole) < Fraction(1, 10**9), campaign
        assert 0 <= removal.lost[campaign] <= UNIT


@PATIENT
@given(JOURNEYS, st.randoms())
def test_the_order_of_journeys_changes_nothing(journeys: list[Journey], dice: object) -> None:
    mixed = list(journeys)
    dice.shuffle(mixed)  # type: ignore[attr-defined]
    assert removal_of(mixed) == removal_of(journeys)


def test_a_campaign_that_only_fails_loses_nothing() -> None:
    removal = removal_of([(("good",), True), (("bad",), False)])
    assert removal.lost == {"good": UNIT // 2, "bad": 0}


def test_a_chain_that_goes_round_a_thousand_times_stays_exact() -> None:
    """a and b alternate 1,000 times in one path: nobody converts without either."""
    removal = removal_of([(("a", "b") * 1_000, True)])
    assert abs(removal.converts - UNIT) < UNIT // 10**6
    assert abs(removal.lost["a"] - UNIT) < UNIT // 10**6
    # b is left out by who leaves a for good, and that is nobody: each a is followed by a b.
    assert abs(removal.lost["b"] - UNIT) < UNIT // 10**6


def test_no_journey_no_campaign() -> None:
    assert removal_of([]).lost == {}
