"""Slices that memory does not hold are cut until it does, and none is left out or read twice."""

from __future__ import annotations

import pytest

from adlake.io.trino.client import TrinoMemoryError, TrinoQueryError
from adlake.proof.slices import MOST_PIECES, Slice, each_slice, slice_count

HASHES = range(3 * MOST_PIECES)


def hashes_of(part: Slice) -> list[int]:
    return [one for one in HASHES if one % part.count == part.number]


@pytest.mark.parametrize("pieces", [2, 4])
@pytest.mark.parametrize("held", [len(HASHES), 70, 50, 7, 1])
def test_every_impression_is_read_once_whatever_memory_holds(held: int, pieces: int) -> None:
    def work(part: Slice) -> list[int]:
        found = hashes_of(part)
        if len(found) > held:
            raise TrinoMemoryError("EXCEEDED_LOCAL_MEMORY_LIMIT: too many")
        return found

    done = list(each_slice(3, work, pieces=pieces))
    assert sorted(one for _, found in done for one in found) == list(HASHES)
    shares = [share for share, _ in done]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)
    assert all(len(found) <= held for _, found in done)


def test_a_single_impression_that_memory_does_not_hold_is_told() -> None:
    asked: list[Slice] = []

    def work(part: Slice) -> None:
        asked.append(part)
        raise TrinoMemoryError("EXCEEDED_LOCAL_MEMORY_LIMIT: one is too large")

    with pytest.raises(TrinoMemoryError, match="one is too large"):
        list(each_slice(1, work))
    assert len(asked) == 7
    assert asked[-1] == Slice(0, MOST_PIECES)


def test_another_error_is_not_tried_again() -> None:
    asked: list[Slice] = []

    def work(part: Slice) -> None:
        asked.append(part)
        raise TrinoQueryError("COLUMN_NOT_FOUND: x")

    with pytest.raises(TrinoQueryError):
        list(each_slice(2, work))
    assert asked == [Slice(0, 2)]


def test_slices_hold_no_more_rows_than_asked_for() -> None:
    assert [slice_count(rows, 100) for rows in (0, 1, 100, 101, 1_000)] == [1, 1, 1, 2, 10]
