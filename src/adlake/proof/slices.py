"""What is proven in slices, by the remainder of a hash: as much at once as Trino's memory holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from adlake.io.sql.files import SqlValue
from adlake.io.trino.client import TrinoMemoryError

MOST_PIECES: Final = 64
"""Of one slice; what needs more does not fit by being cut."""
T = TypeVar("T")


@dataclass(frozen=True)
class Slice:
    """Those (impressions, campaigns, accounts) whose hash gives `number`, divided by `count`."""

    number: int
    count: int

    def values(self) -> Mapping[str, SqlValue]:
        """What the files of the proof call it."""
        return {"slice": self.number, "slice_count": self.count}

    def cut(self, pieces: int) -> list[Slice]:
        """The same in so many slices."""
        count = self.count * pieces
        return [Slice(number, count) for number in range(self.number, count, self.count)]


def slice_count(rows: int, rows_per_slice: int) -> int:
    """How many slices keep a query within Trino's memory."""
    return max(1, -(-rows // rows_per_slice))


def each_slice(
    count: int, work: Callable[[Slice], T], *, pieces: int = 2, most: int = MOST_PIECES
) -> Iterator[tuple[float, T]]:
    """What `work` gives for each of so many slices, with the share of all that is done by then.

    A slice that needs more memory than Trino gives a query is cut into `pieces`, and each of them
    again, into `most` at most.

    Raises:
        TrinoMemoryError: the smallest piece needs more, too.
    """
    waiting = [Slice(number, count) for number in reversed(range(count))]
    done = 0.0
    while waiting:
        part = waiting.pop()
        try:
            found = work(part)
        except TrinoMemoryError:
            if part.count >= count * most:
                raise
            waiting += reversed(part.cut(pieces))
            continue
        done += 1 / part.count
        yield done, found
