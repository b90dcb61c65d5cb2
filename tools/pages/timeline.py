"""One row of the law's truth table as a drawn timeline (SVG).

Times are drawn in their order, evenly spaced: milliseconds and weeks stand on one line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from typing import Any, Final

from adlake.contracts.law import LAW_V1
from tests.golden import BASE_MS, DeliveryFixture, LawCase
from tools.pages.moments import moment

WIDTH: Final = 760
_LEFT, _RIGHT = 110, 80
_AXIS_Y, _ARRIVAL_Y = 92, 168
_COLOURS: Final = {"IMPRESSION": "#2463a4", "CLICK": "#b35c00", "CONVERSION": "#1c7a46"}
_GREY = "#57606a"
_STYLE: Final = (
    "text{font:13px system-ui,sans-serif;fill:#1f2328;paint-order:stroke;stroke:#fff;"
    "stroke-width:4px}"
    ".small{font-size:11px;fill:#57606a}.axis{stroke:#57606a;stroke-width:1.5}"
    ".credit{stroke:#1c7a46;stroke-width:2;fill:none}"
    ".way{stroke:#57606a;stroke-width:1;stroke-dasharray:3 3;fill:none}.lost{fill:#b3261e}"
)


@dataclass(frozen=True)
class _Mark:
    """One delivery as it is drawn."""

    number: int
    delivery: DeliveryFixture
    event: dict[str, Any]

    @property
    def at_ms(self) -> int:
        happened: int = self.event["event_timestamp"]
        return happened

    @property
    def event_id(self) -> str:
        return str(self.event["event_id"])

    @property
    def counts(self) -> bool:
        return not (self.delivery.rejected or self.delivery.finding)


def drawn(case: LawCase) -> str:
    """The picture."""
    marks = [
        _Mark(number, one, json.loads(one.payload, parse_float=Decimal))
        for number, one in enumerate(case.deliveries, start=1)
    ]
    place_of = _places(marks)
    shows_arrival = any(mark.delivery.ingest_ms != mark.at_ms for mark in marks)
    height = _ARRIVAL_Y + 40 if shows_arrival else _AXIS_Y + 44
    body = [*_axis("happened", _AXIS_Y), *_ticks(place_of, marks), *_credit(case, marks, place_of)]
    body += _events(case, marks, place_of)
    if shows_arrival:
        body += [*_axis("arrived", _ARRIVAL_Y), *_arrivals(marks, place_of)]
    return "\n".join((
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" role="img" aria-label="{escape(case.story)}">',
        f"<style>{_STYLE}</style>",
        f'<rect width="{WIDTH}" height="{height}" rx="6" fill="#fff" stroke="#d0d7de"/>',
        *body,
        "</svg>\n",
    ))  # fmt: skip


def _places(marks: list[_Mark]) -> dict[int, int]:
    """Each moment of the picture -> its place from the left."""
    moments = {mark.at_ms for mark in marks} | {mark.delivery.ingest_ms for mark in marks}
    step = (WIDTH - _LEFT - _RIGHT) // max(len(moments) - 1, 1)
    return {at_ms: _LEFT + number * step for number, at_ms in enumerate(sorted(moments))}


def _axis(name: str, y: int) -> Iterator[str]:
    yield f'<line class="axis" x1="{_LEFT - 24}" y1="{y}" x2="{WIDTH - 30}" y2="{y}"/>'
    yield f'<path d="M{WIDTH - 36} {y - 5}L{WIDTH - 28} {y}L{WIDTH - 36} {y + 5}" fill="{_GREY}"/>'
    yield f'<text class="small" x="14" y="{y + 4}">{name}</text>'


def _ticks(place_of: dict[int, int], marks: list[_Mark]) -> Iterator[str]:
    for at_ms in sorted({mark.at_ms for mark in marks}):
        yield _text(place_of[at_ms], _AXIS_Y + 26, moment(at_ms - BASE_MS), "small")


def _events(case: LawCase, marks: list[_Mark], place_of: dict[int, int]) -> Iterator[str]:
    """Each event once: what is delivered again with the same content stands at the same place."""
    at_place: dict[int, int] = {}
    drawn_before = set()
    for mark in marks:
        if mark.delivery.payload in drawn_before:
            continue
        drawn_before.add(mark.delivery.payload)
        x = place_of[mark.at_ms]
        level = at_place.get(x, 0)
        at_place[x] = level + 1
        y = _AXIS_Y - 22 * level
        yield _shape(mark, x, y)
        yield _label(case, mark, x, y, is_alone=level == 0 and _count(marks, mark) == 1)


def _count(marks: list[_Mark], mark: _Mark) -> int:
    return len({one.delivery.payload for one in marks if one.at_ms == mark.at_ms})


def _shape(mark: _Mark, x: int, y: int) -> str:
    colour = _COLOURS[mark.event["event_type"]]
    fill = colour if mark.counts or mark.delivery.finding == "DUPLICATE_DELIVERY" else "#fff"
    look = f'fill="{fill}" stroke="{colour}" stroke-width="2"'
    if mark.event["event_type"] == "IMPRESSION":
        return f'<rect x="{x - 7}" y="{y - 7}" width="14" height="14" {look}/>'
    if mark.event["event_type"] == "CLICK":
        return f'<circle cx="{x}" cy="{y}" r="8" {look}/>'
    return f'<path d="M{x} {y - 9}L{x + 9} {y}L{x} {y + 9}L{x - 9} {y}Z" {look}/>'


def _label(case: LawCase, mark: _Mark, x: int, y: int, *, is_alone: bool) -> str:
    money = mark.event.get("conversion_value", mark.event.get("bid_price"))
    if mark.event["event_type"] == "CLICK":
        money = None
    name = f"{mark.event_id}{'' if money is None else f'={money}'}"
    is_lost = mark.event_id in case.dispositions and (
        case.dispositions[mark.event_id] != "ATTRIBUTED"
    )
    look = ' class="lost"' if mark.delivery.rejected or is_lost else ""
    if is_alone:
        return f'<text{look} x="{x}" y="{y - 16}" text-anchor="middle">{name}</text>'
    return f'<text{look} x="{x + 16}" y="{y + 4}">{name}</text>'


def _credit(case: LawCase, marks: list[_Mark], place_of: dict[int, int]) -> Iterator[str]:
    """The way from the attributed conversion back to its click; without one, how far it is."""
    clicks = [one for one in marks if one.counts and one.event["event_type"] == "CLICK"]
    for mark in marks:
        fate = case.dispositions.get(mark.event_id) if mark.counts else None
        before = [one for one in clicks if one.at_ms <= mark.at_ms]
        if not before or fate not in ("ATTRIBUTED", "OUT_OF_WINDOW"):
            continue
        click = max(before, key=lambda one: (one.at_ms, one.event_id))
        from_x, to_x = place_of[mark.at_ms], place_of[click.at_ms]
        middle = (from_x + to_x) // 2
        is_credit = fate == "ATTRIBUTED"
        look = "credit" if is_credit else "way"
        if from_x != to_x:
            yield (
                f'<path class="{look}" d="M{from_x} {_AXIS_Y - 32}'
                f'Q{middle} {_AXIS_Y - 76} {to_x} {_AXIS_Y - 32}"/>'
            )
        told = "gets the credit" if is_credit else f"more than {_days()} days"
        yield _text(middle, _AXIS_Y - 62, told, "small")


def _days() -> int:
    return LAW_V1.attribution_window_ms // 86_400_000


def _arrivals(marks: list[_Mark], place_of: dict[int, int]) -> Iterator[str]:
    """Deliveries by their number where they arrived, each tied to when its event happened."""
    at_place: dict[int, list[int]] = {}
    for mark in marks:
        x = place_of[mark.delivery.ingest_ms]
        from_x = place_of[mark.at_ms]
        yield f'<line class="way" x1="{from_x}" y1="{_AXIS_Y + 32}" x2="{x}" y2="{_ARRIVAL_Y}"/>'
        at_place.setdefault(x, []).append(mark.number)
    for x, numbers in at_place.items():
        yield f'<circle cx="{x}" cy="{_ARRIVAL_Y}" r="4" fill="{_GREY}"/>'
        yield _text(x, _ARRIVAL_Y + 22, ", ".join(map(str, numbers)), "small")


def _text(x: int, y: int, text: str, look: str) -> str:
    return f'<text class="{look}" x="{x}" y="{y}" text-anchor="middle">{escape(text)}</text>'
