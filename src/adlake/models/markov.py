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
    collapsed = [([one for one, _ in groupby(names)], converts) for names, converts in journeys]
    names = {name for journey, _ in collapsed for name in journey}
    # Python compares strings by code point, which is the order of their UTF-8 bytes.
    campaigns = sorted(names, key=lambda name: (name is not None, name or ""))
    reach = _reach(_moves(collapsed, campaigns), len(campaigns))
    lost = {
        campaign: reach[_START][n] * reach[n][_CONVERSION] // (UNIT + reach[n][n])
        for n, campaign in enumerate(campaigns)
    }
    return Removal(reach[_START][_CONVERSION], lost)


def _moves(journeys: Iterable[Journey], campaigns: Sequence[Campaign]) -> list[list[int]]:
    """Probabilities to go from one state to another, in 1/UNIT.

    A repeat of the same campaign is one visit: staying changes neither where one goes next nor
    whether one ever comes.
    """
    number_of = {campaign: number for number, campaign in enumerate(campaigns)}
    end = len(campaigns)
    counts: Counter[tuple[int, int]] = Counter()
    leaves: Counter[int] = Counter()
    for names, converts in journeys:
        visits = [end, *(number_of[name] for name in names)]
        leaves.update(visits)
        counts.update(pairwise([*visits, end] if converts else visits))
    return [
        [counts[here, there] * UNIT // max(1, leaves[here]) for there in range(end + 1)]
        for here in range(end + 1)
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
