"""Draws the four counts of one batch and what holds them against each other, for architecture.md.

A line below each one who counts, a bar where two counts must agree, and what the view
`audit.completeness_gaps` calls it when they do not: the names are read from its file, so a rule
that comes or goes there shows here (`make docs` writes docs/img/counts.svg).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Final

from adlake.settings import REPO_ROOT
from tools.pages.svg import EDGE, INK, PALE, SOFT, picture

VIEW: Final = REPO_ROOT / "sql" / "views" / "completeness_gaps.sql"
WIDTH, TOP, BOX, HIGH, ROW = 1_180, 12, 250, 76, 62
COLUMNS: Final = (150, 443, 737, 1_030)
"""Middle of each one who counts."""
LOST: Final = "#b3261e"
TINTS: Final = ("#fef3c7", "#ffedd5", "#dbeafe", "#dcfce7")
WHO: Final = (
    ("The producer", "what the broker acknowledged", "acknowledged"),
    ("Kafka", "one offset for each record", "first_offset, next_offset"),
    ("The batch", "one verdict for each record", "admitted, rejected"),
    ("Iceberg", "rows of the commit, of the table", "bronze_rows_added, bronze_rows"),
)
"""Who counts, what, and the names of its numbers."""


@dataclass(frozen=True)
class Comparison:
    """Where two counts must agree: from one who counts (0 to 3) to another, or of one alone."""

    first: int
    last: int
    rule: str
    gap: str
    """What is said when they do not."""


def comparisons() -> tuple[Comparison, ...]:
    """Every comparison, in the order in which a record passes them."""
    of_batch, between, written, changed = gaps()
    return (
        Comparison(0, 1, "acknowledged, by all ≤ offsets of the partition",
                   ".venv/bin/adlake producers: MISSING"),
        Comparison(1, 1, "first_offset = next_offset of the batch before + empty_before", between),
        Comparison(1, 2, "next_offset - first_offset = admitted + rejected + empty_within",
                   of_batch),
        Comparison(2, 3, "admitted + rejected, all partitions = bronze_rows_added", written),
        Comparison(3, 3, "bronze_rows = bronze_rows of the commit before + bronze_rows_added",
                   changed),
    )  # fmt: skip


def gaps() -> list[str]:
    """What the view calls its gaps, in its order."""
    return re.findall(r"^ +'(.+)' AS gap,$", VIEW.read_text(encoding="utf-8"), re.MULTILINE)


def drawn() -> str:
    """The picture, as SVG."""
    rows = comparisons()
    bottom = TOP + HIGH + ROW * len(rows) + 20
    parts = [part for at in range(len(WHO)) for part in _who(at, bottom)]
    for at, one in enumerate(rows):
        parts += _bar(one, TOP + HIGH + ROW * at + 40)
    label = "Four counts of one batch, and which of them must agree"
    return picture(WIDTH, bottom + TOP, label, parts)


def _who(at: int, bottom: int) -> Iterator[str]:
    x, (title, what, names) = COLUMNS[at], WHO[at]
    yield (
        f'<line x1="{x}" y1="{TOP + HIGH}" x2="{x}" y2="{bottom}" stroke="{EDGE}" '
        'stroke-dasharray="4 4"/>'
    )
    yield (
        f'<rect x="{x - BOX // 2}" y="{TOP}" width="{BOX}" height="{HIGH}" rx="8" '
        f'fill="{TINTS[at]}" stroke="{EDGE}"/>'
    )
    heading = 'text-anchor="middle" font-size="16" font-weight="bold"'
    yield _text(x, TOP + 22, title, INK, heading)
    yield _text(x, TOP + 42, what, SOFT, 'text-anchor="middle"')
    yield _text(x, TOP + 62, names, INK, 'text-anchor="middle"')


def _bar(one: Comparison, y: int) -> Iterator[str]:
    first, last = COLUMNS[one.first], COLUMNS[one.last]
    yield f'<line x1="{first}" y1="{y}" x2="{last}" y2="{y}" stroke="{INK}" stroke-width="2"/>'
    yield from (f'<circle cx="{x}" cy="{y}" r="5" fill="{INK}"/>' for x in sorted({first, last}))
    x, anchor = (first + last) // 2, "middle"
    if first == last:  # beside its line, on the side where there is room
        x, anchor = (first + 14, "start") if first < WIDTH // 2 else (first - 14, "end")
    look = f'stroke="{PALE}" stroke-width="4" paint-order="stroke"'
    yield _text(x, y - 10, one.rule, INK, f'{look} text-anchor="{anchor}"')
    yield _text(x, y + 19, f"else: {one.gap}", LOST, f'{look} text-anchor="{anchor}"')


def _text(x: int, y: int, words: str, colour: str, look: str) -> str:
    return f'<text x="{x}" y="{y}" fill="{colour}" {look}>{escape(words)}</text>'
