"""Parts are whole and sum to the whole, and what is left has one place to go."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adlake.models.apportion import apportioned
from tests.fixtures.models.patience import PATIENT

WEIGHTS = st.lists(st.integers(0, 10**24), min_size=1, max_size=30).filter(any)


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (0, [1, 2], [0, 0]),
        (1, [1, 1], [1, 0]),
        (10, [0, 1, 0], [0, 10, 0]),
        # 1.43, 2.86, 5.71 of 10: the two left go to .86 and .71.
        (10, [1, 2, 4], [1, 3, 6]),
        # 3.5 and 3.5 of 7: of equal remainders the earlier part.
        (7, [5, 5], [4, 3]),
    ],
)
def test_parts_worked_by_hand(total: int, weights: list[int], parts: list[int]) -> None:
    assert apportioned(total, weights) == parts


@PATIENT
@given(st.integers(0, 10**18), WEIGHTS)
def test_parts_sum_to_the_whole_and_are_within_one_of_their_share(
    total: int, weights: list[int]
) -> None:
    parts = apportioned(total, weights)
    assert sum(parts) == total
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * whole - total * weight) < whole
        assert weight or not part


@pytest.mark.parametrize(("total", "weights"), [(1, []), (1, [0, 0]), (-1, [1]), (1, [2, -1])])
def test_what_cannot_be_divided_is_refused(total: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match="cannot be divided"):
        apportioned(total, weights)
