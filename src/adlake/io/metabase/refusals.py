"""What Metabase says when it refuses, as one line: its answers are text, or JSON of many forms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

LONGEST: Final = 300
_WORDS: Final = ("message", "error", "cause", "status")
_BY_FIELD: Final = ("specific-errors", "errors")


def refusal_in_words(content: str) -> str:
    """The reason in the body of a refusal, without line breaks and not too long."""
    try:
        document = json.loads(content)
    except ValueError:
        document = content
    said = "; ".join(dict.fromkeys(_reasons(document))) or "no reason given"
    line = " ".join(said.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}..."


def _reasons(document: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(document, str):
        yield document.strip()
    if not isinstance(document, dict):
        return
    for name in _BY_FIELD:
        if isinstance(document.get(name), dict):
            yield from (f"{field}: {_text(value)}" for field, value in document[name].items())
            return
    yield from (document[name] for name in _WORDS if isinstance(document.get(name), str))
    progress = document.get("progress")
    if isinstance(progress, int | float):
        yield f"{progress:.0%} done"


def _text(value: Any) -> str:  # noqa: ANN401 - JSON
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
