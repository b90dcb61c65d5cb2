"""Draws how long a warm batch takes as Gold grows, ours beside the plain MERGE, for benchmarks.md.

Of benchmarks/reports/batches.json: one line for each design and size of batch; rows of Gold to the
right by powers of ten, median seconds upwards from 0 (`make docs` writes docs/img/batches.svg).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tools.pages.svg import EDGE, INK, SOFT, picture, text

WIDTH, HEIGHT = 860, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 640, 24, 360
"""Of the field, in pixels; the names of the lines stand to its right."""
LINE: Final = 17
"""Pixels that a name needs."""
DESIGNS: Final = {"adlake": ("adlake", "#1d4ed8"), "plain_merge": ("plain MERGE", "#c2410c")}
DASHES: Final = {"timed": "", "random": "6 4"}
"""By the kind of impression ids."""
Points = dict[int, float]
"""Rows of Gold -> median seconds of a batch."""


def lines(report: Mapping[str, Any]) -> dict[tuple[str, str, str], Points]:
    """(design, records of a batch, kind of ids) -> its points."""
    found: dict[tuple[str, str, str], Points] = defaultdict(dict)
    for gold in report["gold"]:
        for size, measured in gold["batches_of"].items():
            for design in DESIGNS:
                if design in measured:
                    at = (design, size, gold["ids"])
                    found[at][gold["rows"]] = measured[design]["seconds"]
    return dict(found)


def drawn(report: Mapping[str, Any] | None) -> str:
    """The picture, as SVG; None: nothing was measured, and the picture says so."""
    named = {} if report is None else lines(report)
    body = _field(named) if named else [text(LEFT, TOP + 40, "Not measured yet.", SOFT)]
    return picture(WIDTH, HEIGHT, "Seconds of a warm batch as Gold grows", body)


def _field(named: Mapping[tuple[str, str, str], Points]) -> Iterator[str]:
    rows = sorted({at for points in named.values() for at in points})
    top = _round_up(max(second for points in named.values() for second in points.values()))
    yield from _axes(rows, top)
    taken: list[float] = []
    ends = sorted(named.items(), key=lambda one: -one[1][max(one[1])])
    for (design, size, ids), points in ends:
        title, colour = DESIGNS[design]
        places = [(_x(at, rows), _y(points[at], top)) for at in sorted(points)]
        path = " ".join(f"{x:.0f},{y:.0f}" for x, y in places)
        yield (
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5" '
            f'stroke-dasharray="{DASHES[ids]}"/>'
        )
        yield from (f'<circle cx="{x:.0f}" cy="{y:.0f}" r="4" fill="{colour}"/>' for x, y in places)
        taken.append(max(places[-1][1] + 4, taken[-1] + LINE if taken else 0))
        kind = "" if ids == "timed" else ", random ids"
        yield text(RIGHT + 16, taken[-1], f"{title}, {int(size):,} records{kind}", colour)


def _axes(rows: list[int], top: float) -> Iterator[str]:
    for at in range(5):
        seconds = top * at / 4
        y = _y(seconds, top)
        yield f'<line x1="{LEFT}" y1="{y:.0f}" x2="{RIGHT}" y2="{y:.0f}" stroke="{EDGE}" opacity="0.3"/>'  # noqa: E501
        yield text(LEFT - 10, y + 4, f"{seconds:g} s", SOFT, "end")
    for at in rows:
        yield text(_x(at, rows), BOTTOM + 22, f"{at / 1e6:.3g} M", SOFT, "middle")
    yield text((LEFT + RIGHT) / 2, BOTTOM + 46, "rows of Gold before the batch", INK, "middle")


def _x(at: int, rows: list[int]) -> float:
    least, most = math.log(rows[0]), math.log(rows[-1])
    share = 0.5 if least == most else (math.log(at) - least) / (most - least)
    return LEFT + 24 + share * (RIGHT - LEFT - 48)


def _y(seconds: float, top: float) -> float:
    return BOTTOM - seconds / top * (BOTTOM - TOP)


def _round_up(seconds: float) -> float:
    """The next of 4, 8, 20, 40, 80 ...: its quarters are short numbers."""
    power: float = 10.0 ** math.floor(math.log10(seconds))
    return next(step * power for step in (2, 4, 8, 20) if step * power >= seconds)
