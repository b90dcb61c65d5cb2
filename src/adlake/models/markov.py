"""Removal effects of campaigns in a first-order Markov chain.

Source: E. Anderl, I. Becker, F. von Wangenheim, J. H. Schumann, "Mapping the customer journey:
Lessons learned from graph-based online attribution modeling", International Journal of Research in
Marketing 33 (2016). States are the campaigns, a start, a conversion and an end without one. From
each state one goes on as often as the paths did. Without a campaign, whoever would come to it
converts no more; the share of conversions that is lost is its removal effect.

What is lost need not be computed by removing one campaign after the other. With N(i, j), the
expected visits to j of who is at i, it is N(start, c) / N(c, c), which is the probability to come
to c at all, times the probability to convert from there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final

from adlake.models.contract import UNIT

Campaign = str | None
Journey = tuple[Sequence[Campaign], bool]
"""Campaigns of a path in order, and whether it led to a conversion."""
State = tuple[Campaign] | str
"""A campaign (as a tuple, so that none is called like the others), START, CONVERSION or NOTHING."""
Moves = Mapping[tuple[State, State], int]
"""From where to where: how often paths went there."""
START: Final = "start"
CONVERSION: Final = "conversion"
NOTHING: Final = "nothing"
_START: Final = -1
"""Its row is the last one, and there is no column for it: nobody goes there."""
_CONVERSION: Final = -1
"""Its column is the last one, and there is no row for it: nobody leaves it."""


@dataclass(frozen=True)
class Removal:
    """Probabilities in 1/UNIT, each within a few of the exact value."""

    converts: int
    """That a path leads to a conversion."""
    lost: Mapping[Campaign, int]
    """By campaign: how much less that is without it. Over `converts`: its removal effect."""


def removal_of(journeys: Iterable[Journey]) -> Removal:
    """What the conversion probability loses without each campaign."""
    return removal_of_moves(moves_of(journeys))


def moves_of(journeys: Iterable[Journey]) -> Moves:
    """How often paths went from one state to another.

    A repeat of the same campaign is one visit: staying changes neither where one goes next nor
    whether one ever comes.
    """
    moves: Counter[tuple[State, State]] = Counter()
    for names, converts in journeys:
        visits: list[State] = [(name,) for name, _ in groupby(names)]
        moves.update(pairwise([START, *visits, CONVERSION if converts else NOTHING]))
    return moves


def removal_of_moves(moves: Moves) -> Removal:
    """What the conversion probability loses without each campaign, by the moves of all paths."""
    names = {state[0] for move in moves for state in move if isinstance(state, tuple)}
    # Python compares strings by code point, which is the order of their UTF-8 bytes.
    campaigns = sorted(names, key=lambda name: (name is not None, name or ""))
    reach = _reach(_probabilities(moves, campaigns), len(campaigns))
    lost = {
        campaign: reach[_START][n] * reach[n][_CONVERSION] // (UNIT + reach[n][n])
        for n, campaign in enumerate(campaigns)
    }
    return Removal(reach[_START][_CONVERSION], lost)


def _probabilities(moves: Moves, campaigns: Sequence[Campaign]) -> list[list[int]]:
    """Of going from one state to another, in 1/UNIT."""
    rows: list[State] = [*((name,) for name in campaigns), START]
    columns: list[State] = [*((name,) for name in campaigns), CONVERSION]
    leaves: Counter[State] = Counter()
    for (here, _), count in moves.items():
        leaves[here] += count
    return [
        [moves.get((here, there), 0) * UNIT // max(1, leaves[here]) for there in columns]
        for here in rows
    ]


def _reach(moves: list[list[int]], campaigns: int) -> list[list[int]]:
    """Expected visits to each state of who is at each state, the beginning not counted.

    By Kleene's algorithm (D. J. Lehmann, "Algebraic structures for transitive closure", 1977):
    after step k, all ways that pass through the first k campaigns alone are counted. A way through
    campaign k goes to it, round and round (a geometric series), and on.
    """
    reach = moves
    for k in range(campaigns):
        through, leaves = reach[k], UNIT - reach[k][k]
        reach = [
            [ways + row[k] * onward // leaves for ways, onward in zip(row, through, strict=True)]
            for row in reach
        ]
    return reach
