"""Draws events a second of adlake and other engines as bars, for benchmarks.md.

Of benchmarks/reports/peers.json: one bar for each engine, the median of its batches from 0; that of
an engine whose rows are not the law's is hatched, and says so (`make docs` writes
docs/img/peers.svg).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tools.pages.peers import verdict
from tools.pages.svg import INK, PALE, SOFT, picture, text

WIDTH: Final = 860
LEFT, RIGHT, TOP = 210, 560, 24
"""Of the field, in pixels: names to its left, numbers to its right."""
STEP, BAR = 44, 24
"""From bar to bar, and the height of one."""
OURS, OTHERS = "#1d4ed8", "#64748b"
HATCH: Final = (
    '<defs><pattern id="wrong" width="8" height="8" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)">'
    f'<rect width="8" height="8" fill="{PALE}"/><rect width="3" height="8" fill="{OTHERS}"/>'
    "</pattern></defs>"
)
"""Of a bar whose rows are wrong."""


def drawn(report: Mapping[str, Any] | None) -> str:
    """The picture, as SVG; None: nothing was measured, and the picture says so."""
    peers = {} if report is None else report["peers"]
    body = _bars(peers) if peers else [text(LEFT, TOP + 30, "Not measured yet.", SOFT)]
    height = TOP + STEP * max(len(peers), 1) + 16
    return picture(WIDTH, height, "Events a second of each engine", body)


def _bars(peers: Mapping[str, Any]) -> Iterator[str]:
    yield HATCH
    most = max(one["median"]["events_per_second"] for one in peers.values())
    for number, (name, one) in enumerate(peers.items()):
        y, speed = TOP + number * STEP, one["median"]["events_per_second"]
        width = speed / most * (RIGHT - LEFT)
        colour = OURS if name == "adlake" else OTHERS
        fill = colour if one["right"] else "url(#wrong)"
        yield text(LEFT - 12, y + 17, one["title"], INK, "end")
        yield (
            f'<rect class="bar" x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}" '
            f'fill="{fill}" stroke="{colour}"/>'
        )
        rows = "" if one["right"] else f", {verdict(one).replace('*', '')}"
        yield text(LEFT + width + 10, y + 17, f"{speed:,} a second{rows}", INK)
