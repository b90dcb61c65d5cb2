"""Tables as the pages write them."""

from __future__ import annotations

from collections.abc import Iterable


def as_table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Lines of a table: its titles, and a row of cells each."""
    titles = list(head)
    return "\n".join((_row(titles), _row("---" for _ in titles), *map(_row, rows)))


def begun(words: str) -> str:
    """With a capital, as a sentence begins."""
    return words[0].upper() + words[1:]


def _row(cells: Iterable[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"
