"""Events of a file or a stream: one JSON object a line, or one JSON array of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from adlake.collector.items import MAX_ITEMS, members_of_array
from adlake.payload.plain.strict_json import JSON_WHITE_SPACE


def events_of(lines: Iterable[str]) -> Iterator[list[str]]:
    """Groups of at most MAX_ITEMS texts of events; blank lines are none.

    A text that begins with `[` is an array, and is read whole.

    Raises:
        NoItemsError: that array is no JSON.
    """
    group: list[str] = []
    source = iter(lines)
    for line in source:
        text = line.strip(JSON_WHITE_SPACE)
        if not text:
            continue
        items = _array(text, source) if text.startswith("[") else [text]
        for item in items:
            group.append(item)
            if len(group) == MAX_ITEMS:
                yield group
                group = []
    if group:
        yield group


def _array(first: str, rest: Iterator[str]) -> Iterable[str]:
    text = "".join((first, "\n", *rest)).strip(JSON_WHITE_SPACE)
    return members_of_array(text)
