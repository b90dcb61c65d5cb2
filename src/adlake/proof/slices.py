"""Impressions in slices, by the remainder of a hash: as many at once as Trino's memory holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from adlake.io.sql.files import SqlValue
from adlake.io.trino.client import TrinoMemoryError

MOST_CUTS: Final = 6
"""How often a slice is cut in two; what needs more does not fit by being cut."""
T = TypeVar("T")


@dataclass(frozen=True)
class Slice:
    """Impressions whose hash gives `number`, divided by `count`."""

    number: int
    count: int
    cuts: int = 0

    def values(self) -> Mapping[str, SqlValue]:
        """What the files of the proof call it."""
        return {"slice": self.number, "slice_count": self.count}

    def halves(self) -> tuple[Slice, Slice]:
        """The same impressions in two slices."""
        count, cuts = self.count * 2, self.cuts + 1
        return Slice(self.number, count, cuts), Slice(self.number + self.count, count, cuts)


def slice_count(rows: int, rows_per_slice: int) -> int:
    """How many slices keep a query within Trino's memory."""
    return max(1, -(-rows // rows_per_slice))


def each_slice(count: int, work: Callable[[Slice], T]) -> Iterator[tuple[float, T]]:
    """What `work` gives for each of so many slices, with the share of impressions done by then.

    A slice that needs more memory than Trino gives a query is cut in two, and each half again.
    """
    waiting = [Slice(number, count) for number in reversed(range(count))]
    done = 0.0
    while waiting:
        part = waiting.pop()
        try:
            found = work(part)
        except TrinoMemoryError:
            if part.cuts >= MOST_CUTS:
                raise
            waiting += reversed(part.halves())
            continue
        done += 1 / part.count
        yield done, found
