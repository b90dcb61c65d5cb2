"""Shapley: a published worked example, the definition over all orders, and the axioms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import factorial

from hypothesis import given
from hypothesis import strategies as st

from adlake.models.contract import Model
from adlake.models.rules import Conversion, Touch, credits_of
from tests.fixtures.models.definitions import Campaign, shapley_values
from tests.fixtures.models.patience import PATIENT

Brought = Mapping[frozenset[Campaign], int]
"""Set of campaigns -> value (micros) of the conversions whose paths had just these."""

PUBLISHED_RATIOS = {
    "Facebook": 18, "Google": 4, "LinkedIn": 8, "Facebook+Google": 10, "Facebook+LinkedIn": 26,
    "Google+LinkedIn": 7, "Facebook+Google+LinkedIn": 27,
}  # fmt: skip
PUBLISHED_VALUES = {"Facebook": 450, "Google": 215, "LinkedIn": 335}
"""Conversions per hundred of each coalition, and Shapley values in thousandths, as published in
https://github.com/YashKothane/Final-Project-8th-sem, `Shapley Value.ipynb`: the worth of a
coalition is the sum over its subsets, v(all) = 1, and the values are 0.450, 0.215 and 0.335."""
MICROS = 6
"""Of each conversion: divisible by two and by three, so that nothing is rounded."""


def credited(brought: Iterable[tuple[Iterable[Campaign], int]]) -> dict[Campaign, int]:
    """Micros of each campaign under SHAPLEY; one user and conversion for each set."""
    touches, conversions = [], []
    for number, (campaigns, micros) in enumerate(brought):
        shown = [
            Touch(f"{number}-{place}", f"u{number}", campaign, place, place)
            for place, campaign in enumerate(sorted(campaigns, key=str))
        ]
        touches += shown
        own = shown[-1]
        conversions.append(Conversion(own.impression_id, own.user_id, len(shown), micros))
    total: Counter[Campaign] = Counter()
    for one in credits_of(touches, conversions, [Model.SHAPLEY]):
        total[one.campaign_id] += one.micros
    return dict(total)


def values_of(brought: Brought) -> dict[Campaign, Fraction]:
    """By definition, over all orders of the campaigns."""

    def worth(coalition: frozenset[Campaign]) -> Fraction:
        return Fraction(sum(micros for one, micros in brought.items() if one <= coalition))

    return shapley_values(sorted(frozenset().union(*brought), key=str), worth)


def test_the_published_example() -> None:
    paths = [
        (coalition.split("+"), MICROS)
        for coalition, conversions in PUBLISHED_RATIOS.items()
        for _ in range(conversions)
    ]
    found = credited(paths)
    whole = MICROS * sum(PUBLISHED_RATIOS.values())
    assert {name: Fraction(micros, whole) for name, micros in found.items()} == {
        name: Fraction(value, 1_000) for name, value in PUBLISHED_VALUES.items()
    }


def test_the_definition_gives_the_published_values() -> None:
    brought = {frozenset(one.split("+")): count for one, count in PUBLISHED_RATIOS.items()}
    assert values_of(brought) == {
        name: Fraction(value, 10) for name, value in PUBLISHED_VALUES.items()
    }


SETS = st.frozensets(st.sampled_from(["a", "b", "c", "d", None]), min_size=1)
GAMES = st.dictionaries(SETS, st.integers(0, 50).map(lambda n: n * factorial(5)), min_size=1)
"""Values that up to five campaigns divide without a rest."""


@PATIENT
@given(GAMES)
def test_credit_is_the_shapley_value_by_definition(brought: Brought) -> None:
    assert credited(brought.items()) == values_of(brought)


@PATIENT
@given(GAMES)
def test_efficiency(brought: Brought) -> None:
    assert sum(credited(brought.items()).values()) == sum(brought.values())


@PATIENT
@given(GAMES)
def test_symmetry(brought: Brought) -> None:
    """Two campaigns that are exchanged without changing the game get the same."""
    swap = {"a": "b", "b": "a"}
    other = {frozenset(swap.get(c, c) for c in one): v for one, v in brought.items()}  # type: ignore[arg-type,call-overload]
    both = credited([*brought.items(), *other.items()])
    assert both.get("a") == both.get("b")


@PATIENT
@given(GAMES, GAMES)
def test_additivity(one: Brought, other: Brought) -> None:
    both = Counter(credited(one.items()))
    both.update(credited(other.items()))
    assert credited([*one.items(), *other.items()]) == dict(both)


@PATIENT
@given(GAMES)
def test_a_campaign_that_adds_nothing_gets_nothing(brought: Brought) -> None:
    """Its paths led to no conversion of any value."""
    found = credited([*brought.items(), ({"null", "a"}, 0), ({"null"}, 0)])
    assert found.pop("null") == 0
    assert {c: v for c, v in found.items() if v} == {
        c: v for c, v in credited(brought.items()).items() if v
    }
