"""Every model on small paths, worked by hand to the micro."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adlake.contracts.law import DAY_MS, LAW_V1
from adlake.models.contract import Model
from adlake.models.rules import Conversion, Touch, credits_of

MONTH = replace(LAW_V1, attribution_window_ms=30 * DAY_MS)
VALUE = 10_000_001


def seen(name: str, campaign: str | None, day: float, user: str | None = "u") -> Touch:
    return Touch(name, user, campaign, round(day * DAY_MS), None)


def bought(name: str, day: float, micros: int = VALUE, user: str | None = "u") -> Conversion:
    return Conversion(name, user, round(day * DAY_MS), micros)


def clicked(name: str, campaign: str | None, day: float) -> Touch:
    """Clicked as soon as it was seen."""
    return replace(seen(name, campaign, day), clicked_ms=round(day * DAY_MS))


TOUCHES = [seen("a", "c1", 0), seen("b", "c2", 7), clicked("c", "c1", 14)]
GOLDENS = {
    Model.LAST: (0, 0, 10_000_001),
    Model.FIRST: (10_000_001, 0, 0),
    # A third is 3,333,333.67: two micros are left, and go to the earlier ones.
    Model.LINEAR: (3_333_334, 3_333_334, 3_333_333),
    # 40 % is 4,000,000.4, 20 % is 2,000,000.2: the one left goes to the first of the largest.
    Model.POSITION: (4_000_001, 2_000_000, 4_000_000),
    # Two half-lives, one, none: 1 : 2 : 4 of 7, that is .57, .14 and .29 beyond whole micros.
    Model.TIME_DECAY: (1_428_572, 2_857_143, 5_714_286),
    # start > c1 > c2 > c1 > conversion: from c1 half go to c2, half convert; from c2 all go back.
    # Without c1 nobody converts, without c2 half do: 1 : 1/2. So c1 has 6,666,667.33 and c2
    # 3,333,333.67, which gets what is left; c1 halves 6,666,667 between a and c.
    Model.MARKOV: (3_333_334, 3_333_334, 3_333_333),
    # c1 and c2 need each other: half each, 5,000,000.5, the earlier one gets the rest: 5,000,001.
    Model.SHAPLEY: (2_500_001, 5_000_000, 2_500_000),
}


@pytest.mark.parametrize("model", Model)
def test_three_touches_of_two_campaigns(model: Model) -> None:
    credits_ = credits_of(TOUCHES, [bought("c", 14)], [model], MONTH)
    assert [one.impression_id for one in credits_] == ["a", "b", "c"]
    assert [one.campaign_id for one in credits_] == ["c1", "c2", "c1"]
    assert {one.conversion_id for one in credits_} == {"c"}
    assert tuple(one.micros for one in credits_) == GOLDENS[model]


def test_one_call_gives_the_rows_of_every_model() -> None:
    credits_ = credits_of(TOUCHES, [bought("c", 14)], constants=MONTH)
    assert [one.model for one in credits_] == [model for model in Model for _ in range(3)]
    assert [one.micros for one in credits_] == [part for m in Model for part in GOLDENS[m]]


def micros_of(model: Model, touches: list[Touch], conversion: Conversion) -> list[int]:
    return [one.micros for one in credits_of(touches, [conversion], [model], MONTH)]


def test_position_with_two_and_with_four_touches() -> None:
    two = [seen("a", "c1", 0), clicked("b", "c2", 1)]
    assert micros_of(Model.POSITION, two, bought("b", 1, 7)) == [4, 3]
    four = [seen("a", "c1", 0), seen("b", "c2", 1), seen("c", "c3", 2), clicked("d", "c4", 3)]
    assert micros_of(Model.POSITION, four, bought("d", 3, 1_000)) == [400, 100, 100, 400]


def test_time_decay_halves_once_a_half_life() -> None:
    touches = [seen("a", "c1", 0), clicked("b", "c2", 2)]
    [old, new] = credits_of(
        touches, [bought("b", 2, 3_000)], [Model.TIME_DECAY], half_life_ms=2 * DAY_MS
    )
    assert (old.micros, new.micros) == (1_000, 2_000)


def test_time_decay_between_two_half_lives_is_the_root() -> None:
    """2^-0.5 : 1 is 0.41421356... : 0.58578643..., with 0.70710678 for the root of a half."""
    touches = [seen("a", "c1", 0), clicked("b", "c2", 3.5)]
    assert micros_of(Model.TIME_DECAY, touches, bought("b", 3.5, 10**8)) == [41_421_356, 58_578_644]


def test_markov_counts_paths_that_led_to_nothing() -> None:
    """c1 alone led to nothing three times, so it gets less than half beside c2.

    start > c1 in 4 of 4; c1 > c2 in 1 of 4, else to nothing; c2 > conversion. Nobody converts
    without c1, nobody without c2. A second user converts by c2 alone: now start > c1 4/5,
    start > c2 1/5, P = 4/5 * 1/4 + 1/5 = 2/5; without c1 1/5, without c2 0: lost 1/5 and 2/5.
    """
    failed = [seen(f"x{n}", "c1", 0, f"x{n}") for n in range(3)]
    path = [seen("a", "c1", 0), clicked("b", "c2", 1)]
    assert micros_of(Model.MARKOV, [*path, *failed], bought("b", 1, 900)) == [450, 450]
    other = [Touch("z", "z", "c2", 0, 0)]
    rows = credits_of(
        [*path, *failed, *other], [bought("b", 1, 900), bought("z", 0, 50, "z")], [Model.MARKOV]
    )
    assert [(one.impression_id, one.micros) for one in rows] == [("z", 50), ("a", 300), ("b", 600)]


def test_shapley_is_not_moved_by_how_often_a_campaign_was_seen() -> None:
    touches = [*(seen(f"a{n}", "c1", n) for n in range(4)), clicked("b", "c2", 5)]
    assert micros_of(Model.SHAPLEY, touches, bought("b", 5, 800)) == [100, 100, 100, 100, 400]


def test_a_campaign_that_is_not_known_is_one_of_its_own() -> None:
    touches = [seen("a", None, 0), seen("b", None, 1), clicked("c", "c1", 2)]
    assert micros_of(Model.SHAPLEY, touches, bought("c", 2, 100)) == [25, 25, 50]


@pytest.mark.parametrize("model", Model)
def test_a_conversion_without_value_has_rows_of_nothing(model: Model) -> None:
    assert micros_of(model, TOUCHES, bought("c", 14, 0)) == [0, 0, 0]
