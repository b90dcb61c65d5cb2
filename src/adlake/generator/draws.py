"""Random numbers that are the same on every machine, Python version and restart.

Everything is drawn from SHAKE-128 over (run key, counter), so any impression's draws can be
recomputed from its sequence number alone: a checkpoint needs no generator state.
"""

from __future__ import annotations

import hashlib
import struct
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, TypeVar

U16: Final = 65_536
U32: Final = 4_294_967_296
ROWS_PER_BLOCK: Final = 64
_ROW = struct.Struct("<10H")

Item = TypeVar("Item")
Row = tuple[int, int, int, int, int, int, int, int, int, int]


class RowStream:
    """Ten 16-bit numbers per impression, addressed by the impression's sequence number."""

    def __init__(self, key: bytes) -> None:
        self._prefix = hashlib.shake_128(key + b"|rows|")

    def block(self, number: int) -> list[Row]:
        """The rows of impressions `64 * number .. 64 * number + 63`."""
        shake = self._prefix.copy()
        shake.update(number.to_bytes(8, "little"))
        return list(_ROW.iter_unpack(shake.digest(ROWS_PER_BLOCK * _ROW.size)))

    def row(self, sequence: int) -> Row:
        """The row of one impression."""
        return self.block(sequence // ROWS_PER_BLOCK)[sequence % ROWS_PER_BLOCK]


class Draws:
    """An endless stream of draws that belongs to one name (a journey, a table)."""

    def __init__(self, key: bytes, name: bytes) -> None:
        self._prefix = hashlib.shake_128(key + b"|" + name + b"|")
        self._page = 0
        self._numbers: list[int] = []

    def u32(self) -> int:
        """A number in [0, 2^32)."""
        if not self._numbers:
            shake = self._prefix.copy()
            shake.update(self._page.to_bytes(4, "little"))
            self._page += 1
            self._numbers = list(struct.unpack("<32I", shake.digest(128)))
        return self._numbers.pop()

    def below(self, bound: int) -> int:
        """A number in [0, bound), bound up to 2^32 (bias below bound / 2^32)."""
        return self.u32() * bound >> 32

    def between(self, low: int, high: int) -> int:
        """A number in [low, high], both included, for any width."""
        return low + (self.u32() * (high - low + 1) >> 32)

    def chance(self, share: float) -> bool:
        """True with the probability `share`."""
        return self.u32() < int(share * U32)

    def choice(self, items: Sequence[Item]) -> Item:
        """One of `items`, all equally likely."""
        return items[self.below(len(items))]

    def shuffled(self, count: int) -> list[int]:
        """A random order of 0 .. count - 1."""
        order = list(range(count))
        for last in range(count - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return order


Quantiles = tuple[tuple[int, int], ...]
"""(share in units of 1/10,000, value), ascending; a distribution linear in between."""


def value_at(quantiles: Quantiles, u32: int) -> int:
    """Inverse distribution function: the value at the share `u32 / 2^32`."""
    position = u32 * 10_000
    index = bisect_right(quantiles, position >> 32, key=lambda point: point[0]) - 1
    (low_share, low), (high_share, high) = quantiles[index], quantiles[index + 1]
    return low + (high - low) * (position - (low_share << 32)) // ((high_share - low_share) << 32)


def weighted_table(weights: Sequence[int]) -> list[int]:
    """65,536 entries in which index i occurs in proportion to weights[i], at least once."""
    spare, total, seen = U16 - len(weights), sum(weights), 0
    table: list[int] = []
    for index, weight in enumerate(weights):
        # Rounding the running sum keeps the table's length exact and spreads the remainders.
        share = 1 + (seen + weight) * spare // total - seen * spare // total
        table += [index] * share
        seen += weight
    return table
