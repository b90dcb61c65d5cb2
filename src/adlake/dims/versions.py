"""Versions of campaigns from the set of their admitted updates, in plain Python: the reference.

The result depends on the set alone: not on the order of arrival, nor on repeats. Of two contents of
one event the smaller one wins. Updates take effect in the order (moment, event id), and each one
changes what it speaks of. A version begins where something changed and ends where the next one
begins, so there is no gap and no overlap, and the last one is current. `dims/spark_versions.py` is
the same function for Spark.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

from adlake.dims.contract import ATTRIBUTES, FIRST_STATUS, KEY_DIGITS
from adlake.dims.rules import Update

Content = tuple[Any, ...]
"""(ts_ms, *ATTRIBUTES)."""


@dataclass(frozen=True)
class Version:
    """One row of dims.dim_campaigns: what held from `start_ms` on, before `end_ms` (None: still).

    `updates` are the winning ones that took effect in it, by event id.
    """

    campaign_key: int
    campaign_id: str
    attributes: Content
    start_ms: int
    end_ms: int | None
    updates: tuple[tuple[str, Content], ...]


def versions_of(updates: Iterable[Update]) -> list[Version]:
    """All versions of all campaigns that are named, by campaign and start."""
    winners: dict[str, dict[str, Content]] = defaultdict(dict)
    for one in updates:
        known = winners[str(one.campaign_id)]
        content = (one.ts_ms, *(getattr(one, name) for name in ATTRIBUTES))
        before = known.get(str(one.event_id))
        known[str(one.event_id)] = content if before is None else min(content, before, key=_ordered)
    return [
        version for campaign in sorted(winners) for version in _of_one(campaign, winners[campaign])
    ]


def campaign_key(campaign_id: str, start_ms: int) -> int:
    """Surrogate key of a version: the same whenever it is made again."""
    digest = hashlib.md5(f"{campaign_id}|{start_ms}".encode(), usedforsecurity=False)
    return int(digest.hexdigest()[:KEY_DIGITS], 16)


def _ordered(content: Content) -> tuple[tuple[bool, Any], ...]:
    """What is not said comes before all that can be."""
    return tuple((value is not None, value) for value in content)


def _of_one(campaign: str, events: dict[str, Content]) -> list[Version]:
    in_order = sorted(events.items(), key=lambda event: (event[1][0], event[0]))
    holding: Content = (None,) * len(ATTRIBUTES)
    begun: list[tuple[int, Content, list[tuple[str, Content]]]] = []
    for start_ms, at_once in groupby(in_order, key=lambda event: event[1][0]):
        same_moment = list(at_once)
        for _, (_, *said) in same_moment:
            holding = tuple(
                new if new is not None else old for new, old in zip(said, holding, strict=True)
            )
        shown = _with_status(holding)
        if begun and begun[-1][1] == shown:
            begun[-1][2].extend(same_moment)
        else:
            begun.append((start_ms, shown, same_moment))
    ends = [after[0] for _, after in pairwise(begun)]
    return [
        Version(
            campaign_key(campaign, start_ms), campaign, attributes, start_ms, end_ms,
            tuple(sorted(took_effect)),
        )
        for (start_ms, attributes, took_effect), end_ms in zip(begun, [*ends, None], strict=True)
    ]  # fmt: skip


def _with_status(attributes: Content) -> Content:
    *others, status = attributes
    return (*others, FIRST_STATUS if status is None else status)
