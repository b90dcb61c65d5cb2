"""Pieces of the drawn pictures: the frame, and a line of text."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

INK, PALE, EDGE, SOFT = "#1f2937", "#ffffff", "#64748b", "#475569"


def picture(width: float, height: float, label: str, body: Iterable[str]) -> str:
    """The whole of it on pale ground; `label` is for who cannot see it. It fetches nothing."""
    return "\n".join((
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="Helvetica, Arial, sans-serif" font-size="13" role="img" '
        f'aria-label="{escape(label)}">',
        f'<rect width="{width}" height="{height}" fill="{PALE}"/>',
        *body,
        "</svg>\n",
    ))  # fmt: skip


def text(x: float, y: float, words: str, colour: str, anchor: str = "start") -> str:
    """A line of text that begins, ends or has its middle at x."""
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" fill="{colour}" text-anchor="{anchor}">{escape(words)}'
        "</text>"
    )
