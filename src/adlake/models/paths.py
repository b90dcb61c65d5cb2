"""Paths: which touches came before a conversion, and which ones led to none.

A touch is an ad that one user was shown: one row of Gold, however often it was clicked. It has up
to two moments, when it was seen and when it was clicked (the law's credited click). It is on the
path of a conversion of the same user if one of its moments is at or before the conversion and
within its lookback; the touch that the conversion names is always on it. The latest such moment is
its place in time. So a touch helps every conversion that follows within the lookback.

Touches on no path of a conversion are unconverted: in order of their latest moments they make a
path for each run without a gap longer than the lookback. An ad shown to nobody known is a user of
its own. Nothing depends on the order or the repeats of the input, nor on the time of a run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from adlake.contracts.law import LAW_V1, LawConstants


@dataclass(frozen=True, slots=True)
class Touch:
    """One impression of Gold. Times are epoch ms; None: did not happen, or is not known."""

    impression_id: str
    user_id: str | None
    campaign_id: str | None
    seen_ms: int | None
    clicked_ms: int | None

    def moments(self) -> tuple[int, ...]:
        """When it touched the user."""
        return tuple(moment for moment in (self.seen_ms, self.clicked_ms) if moment is not None)


@dataclass(frozen=True, slots=True)
class Conversion:
    """An attributed conversion: Gold has at most one for each impression, which names it."""

    impression_id: str
    user_id: str | None
    ts_ms: int
    micros: int


_Row = TypeVar("_Row", Touch, Conversion)


@dataclass(frozen=True, slots=True)
class Step:
    """A touch on a path, at its latest moment that counts for the path (epoch ms)."""

    at_ms: int
    impression_id: str
    campaign_id: str | None


@dataclass(frozen=True, slots=True)
class Path:
    """Steps in order of (time, impression id), never none; `conversion` None: it led to none."""

    steps: tuple[Step, ...]
    conversion: Conversion | None


def paths_of(
    touches: Iterable[Touch], conversions: Iterable[Conversion], constants: LawConstants = LAW_V1
) -> list[Path]:
    """Every path of every user: those of conversions by (time, id), then the unconverted ones.

    Raises:
        ValueError: two rows of one impression differ, or a conversion's own touch is not there or
            did not happen before it.
    """
    known = _by_impression(touches)
    converted = sorted(_by_impression(conversions).values(), key=_by_time)
    touches_of: dict[tuple[bool, str], list[Touch]] = defaultdict(list)
    for touch in known.values():
        touches_of[_visitor(touch)].append(touch)
    paths = [_converting(one, touches_of[_visitor(one)], constants) for one in converted]
    used = {step.impression_id for path in paths for step in path.steps}
    for visitor in sorted(touches_of):
        rest = [touch for touch in touches_of[visitor] if touch.impression_id not in used]
        paths += _unconverted(rest, constants)
    return paths


def _by_impression(rows: Iterable[_Row]) -> dict[str, _Row]:
    known: dict[str, _Row] = {}
    for row in rows:
        if known.setdefault(row.impression_id, row) != row:
            raise ValueError(f"two different rows of impression {row.impression_id}")
    return known


def _visitor(row: Touch | Conversion) -> tuple[bool, str]:
    """Whose path it is on: the user's, or the impression's own where the user is not known."""
    return (False, row.impression_id) if row.user_id is None else (True, row.user_id)


def _converting(conversion: Conversion, touches: Iterable[Touch], constants: LawConstants) -> Path:
    first_ms = conversion.ts_ms - constants.window_at(conversion.ts_ms)
    steps = []
    for touch in touches:
        before = [moment for moment in touch.moments() if moment <= conversion.ts_ms]
        is_own = touch.impression_id == conversion.impression_id
        if before and (is_own or max(before) >= first_ms):
            steps.append(Step(max(before), touch.impression_id, touch.campaign_id))
    if all(step.impression_id != conversion.impression_id for step in steps):
        raise ValueError(f"no touch before the conversion of {conversion.impression_id}")
    return Path(_ordered(steps), conversion)


def _unconverted(touches: Iterable[Touch], constants: LawConstants) -> list[Path]:
    runs: list[list[Step]] = []
    steps = [
        Step(max(touch.moments()), touch.impression_id, touch.campaign_id)
        for touch in touches
        if touch.moments()
    ]
    for step in _ordered(steps):
        lookback_ms = constants.window_at(step.at_ms)
        if runs and step.at_ms - runs[-1][-1].at_ms <= lookback_ms:
            runs[-1].append(step)
        else:
            runs.append([step])
    return [Path(tuple(run), None) for run in runs]


def _ordered(steps: Iterable[Step]) -> tuple[Step, ...]:
    return tuple(sorted(steps, key=lambda step: (step.at_ms, step.impression_id)))


def _by_time(conversion: Conversion) -> tuple[int, str]:
    return (conversion.ts_ms, conversion.impression_id)
