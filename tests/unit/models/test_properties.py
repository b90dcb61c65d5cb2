"""What holds of every model whatever users saw, clicked and bought."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adlake.contracts.law import LAW_V1
from adlake.models.contract import Model
from adlake.models.rules import Conversion, Credit, Touch, credits_of, paths_of
from tests.fixtures.models.patience import PATIENT

W = LAW_V1.attribution_window_ms
Input = tuple[list[Touch], list[Conversion]]
MOMENTS = st.sampled_from([0, 1, 5, W - 1, W, W + 1, 2 * W, 3 * W]) | st.integers(0, 3 * W)


@st.composite
def inputs(draw: st.DrawFn) -> Input:
    """Touches of few users and campaigns; a conversion is at or after its own touch."""
    touches, conversions = [], []
    for number in range(draw(st.integers(1, 10))):
        user = draw(st.sampled_from(["u", "v", None]))
        seen_ms, clicked_ms = draw(st.none() | MOMENTS), draw(st.none() | MOMENTS)
        campaign = draw(st.sampled_from(["c1", "c2", "c3", "é", None]))
        touch = Touch(f"i{number}", user, campaign, seen_ms, clicked_ms)
        touches.append(touch)
        if touch.moments() and draw(st.booleans()):
            after_ms = draw(st.sampled_from([0, 1, W]))
            micros = draw(st.integers(0, 10**18 - 1))
            ts_ms = min(touch.moments()) + after_ms
            conversions.append(Conversion(touch.impression_id, user, ts_ms, micros))
    return touches, conversions


@PATIENT
@given(inputs())
def test_credit_sums_to_each_conversion_under_each_model(given_: Input) -> None:
    touches, conversions = given_
    sums: Counter[tuple[Model, str]] = Counter()
    for one in credits_of(touches, conversions):
        assert one.micros >= 0
        sums[one.model, one.conversion_id] += one.micros
    assert sums == {(m, one.impression_id): one.micros for m in Model for one in conversions}


@PATIENT
@given(inputs(), st.integers(0, 2**32))
def test_order_and_repeats_change_nothing(given_: Input, seed: int) -> None:
    touches, conversions = given_
    dice = Random(seed)
    again = touches + dice.choices(touches, k=5)
    once_more = conversions * 2
    dice.shuffle(again)
    dice.shuffle(once_more)
    assert credits_of(again, once_more) == credits_of(touches, conversions)


@PATIENT
@given(inputs())
def test_a_path_of_one_touch_gives_it_all(given_: Input) -> None:
    touches, conversions = given_
    alone = {
        path.conversion.impression_id: path.conversion.micros
        for path in paths_of(touches, conversions)
        if path.conversion is not None and len(path.steps) == 1
    }
    for one in credits_of(touches, conversions):
        if one.conversion_id in alone:
            assert one.impression_id == one.conversion_id
            assert one.micros == alone[one.conversion_id]


@PATIENT
@given(inputs())
def test_every_model_credits_the_same_touches(given_: Input) -> None:
    rows = credits_of(*given_)
    credited = [
        {(one.conversion_id, one.impression_id) for one in rows if one.model is model}
        for model in Model
    ]
    assert all(one == credited[0] for one in credited)
    assert len(rows) == len(Model) * len(credited[0])


@PATIENT
@given(inputs())
def test_touches_that_led_to_nothing_move_markov_alone(given_: Input) -> None:
    touches, conversions = given_
    failed = [Touch(f"x{n}", f"x{n}", "c1", 0, None) for n in range(3)]
    before, after = (credits_of(rows, conversions) for rows in (touches, [*touches, *failed]))
    assert _without_markov(before) == _without_markov(after)


def _without_markov(rows: list[Credit]) -> list[Credit]:
    return [one for one in rows if one.model is not Model.MARKOV]


@PATIENT
@given(inputs(), st.sampled_from([1, 1_000, 10**15]))
def test_times_moved_together_change_nothing(given_: Input, by_ms: int) -> None:
    """Nothing asks what time it is."""
    touches, conversions = given_
    moved = [
        replace(
            one,
            seen_ms=None if one.seen_ms is None else one.seen_ms + by_ms,
            clicked_ms=None if one.clicked_ms is None else one.clicked_ms + by_ms,
        )
        for one in touches
    ]
    later = [replace(one, ts_ms=one.ts_ms + by_ms) for one in conversions]
    assert credits_of(moved, later) == credits_of(touches, conversions)


@pytest.mark.parametrize("model", Model)
def test_no_conversion_no_credit(model: Model) -> None:
    assert credits_of([Touch("a", "u", "c", 0, 0)], [], [model]) == []
