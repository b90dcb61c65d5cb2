"""Draws the map of `adlake.flow` for people: where events come in, what keeps them, who asks.

Every step of the map falls into one box by what it reads and writes, so a new one shows at once
(`make docs` writes docs/img/flow.svg). The picture fetches nothing: the reader's own font will do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from adlake.flow import FLOW, Kind, Step, tables, topics
from tools.pages.svg import EDGE, INK, PALE, SOFT

STREAM: Final = "stream"
PROOF: Final = "proof"
WIDTH, TOP, BOX, GAP, LINE, HEAD = 1_180, 12, 212, 24, 19, 52
TINTS: Final = {
    "in": "#fef3c7", "kafka": "#ffedd5", "stream": "#dbeafe", "lake": "#dcfce7", "ask": "#ede9fe",
    "prove": "#fee2e2", "change": "#f1f5f9",
}  # fmt: skip


@dataclass(frozen=True)
class Box:
    """One box: a title, what it is made of, and its lines."""

    key: str
    title: str
    below: str
    lines: tuple[str, ...]

    def height(self) -> int:
        """Of the drawn box, in pixels."""
        return HEAD + LINE * len(self.lines) + 12


def place_of(step: Step) -> str:
    """The box of a step."""
    kinds = {store.kind for store in step.writes}
    if step.command == STREAM:
        return "stream"
    if step.capability == PROOF:
        return "prove"
    if not step.writes:
        return "ask"
    if Kind.TOPIC in kinds and not any(store.kind is Kind.TABLE for store in step.reads):
        return "in"
    return "change"


def boxes(flow: Iterable[Step] = FLOW) -> dict[str, Box]:
    """Key -> box, from the map."""
    steps = tuple(flow)
    of = {key: [one for one in steps if place_of(one) == key] for key in TINTS}
    counts = Counter(name.partition(".")[0] for name in tables(steps))
    lake = [f"{name}: {_counted(counts[name])}" for name in counts]
    rooms = dict.fromkeys(step.capability for step in of["stream"])
    found = (
        Box("in", "Events come in", "simulated, or your own", _commands(of["in"])),
        Box("kafka", "Topics", "Kafka", topics(steps)),
        Box("stream", "One stream", "Spark: the service " + STREAM, tuple(rooms)),
        Box("lake", "The lake", "Iceberg; Postgres lists it", tuple(lake)),
        Box("ask", "You ask", "Trino, or PyIceberg", _commands(of["ask"])),
        Box("prove", "You prove", "independent SQL on Trino", _commands(of["prove"])),
        Box(
            "change", "You build again, correct, and are told",
            "requests to the stream, new events, messages", _commands(of["change"]),
        ),
    )  # fmt: skip
    return {box.key: box for box in found}


def _commands(steps: Sequence[Step]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{step.capability}: {step.command}" for step in steps))


def _counted(count: int) -> str:
    return f"{count} table{'' if count == 1 else 's'}"


def drawn(flow: Iterable[Step] = FLOW) -> str:
    """The picture, as SVG."""
    by_key = boxes(flow)
    above, below = ("in", "kafka", "stream", "lake", "ask"), ("prove", "change")
    height = max(by_key[key].height() for key in above)
    second = TOP + height + 44
    bottom = max(by_key[key].height() for key in below)
    parts = [_box(by_key[key], _column(at), TOP, BOX, height) for at, key in enumerate(above)]
    parts += [_arrow(_column(at) + BOX, TOP + height // 2, GAP, 0) for at in range(len(above) - 1)]
    wide = (WIDTH - 2 * _column(0) - GAP) // 2
    for key, x, down in (("prove", _column(0), False), ("change", _column(0) + wide + GAP, True)):
        parts.append(_box(by_key[key], x, second, wide, bottom))
        lake = _column(3) + BOX // 2 + (24 if down else -24)
        parts.append(_elbow(lake, TOP + height, x + wide // 2, second, both=down))
    whole = second + bottom + TOP
    return "\n".join((
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {whole}" '
        'font-family="Helvetica, Arial, sans-serif" role="img" '
        'aria-label="How the parts of adlake fit together">',
        f'<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" '
        f'markerHeight="8" orient="auto-start-reverse"><path d="M0,0 L8,4 L0,8 z" fill="{EDGE}"/>'
        "</marker></defs>",
        f'<rect width="{WIDTH}" height="{whole}" fill="{PALE}"/>',
        *parts,
        "</svg>\n",
    ))  # fmt: skip


def _column(at: int) -> int:
    return (WIDTH - 5 * BOX - 4 * GAP) // 2 + at * (BOX + GAP)


def _box(box: Box, x: int, y: int, width: int, height: int) -> str:
    lines = [
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="8" fill="{TINTS[box.key]}" '
        f'stroke="{EDGE}"/>',
        _text(x + 12, y + 22, box.title, 'font-size="16" font-weight="bold"'),
        _text(x + 12, y + 40, box.below, 'font-size="12"', SOFT),
    ]
    for at, line in enumerate(box.lines):
        lines.append(_text(x + 12, y + HEAD + LINE * at + 12, line, 'font-size="13"'))
    return "\n".join(lines)


def _text(x: int, y: int, words: str, style: str, colour: str = INK) -> str:
    return f'<text x="{x}" y="{y}" {style} fill="{colour}">{escape(words)}</text>'


def _arrow(x: int, y: int, right: int, down: int) -> str:
    return (
        f'<path d="M{x},{y} l{right},{down}" stroke="{EDGE}" fill="none" stroke-width="1.5" '
        'marker-end="url(#tip)"/>'
    )


def _elbow(x: int, y: int, to_x: int, to_y: int, *, both: bool) -> str:
    half = (y + to_y) // 2 + (8 if both else -8)
    begin = ' marker-start="url(#tip)"' if both else ""
    return (
        f'<path d="M{x},{y} V{half} H{to_x} V{to_y}" stroke="{EDGE}" fill="none" '
        f'stroke-width="1.5" marker-end="url(#tip)"{begin}/>'
    )
