"""The list of all settings, for `adlake settings` and docs/settings.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from pydantic import SecretStr

from adlake.settings import CONCERNS, PREFIX
from adlake.settings.examples import APPLIED, TESTS_ONLY, example_of

# Defaults that depend on the machine are shown as what they mean.
_SHOWN_DEFAULTS = {"home": ".runtime", "cache": "${XDG_CACHE_HOME:-~/.cache}/adlake"}


HEAD: Final = "| setting | default | example | meaning |\n| --- | --- | --- | --- |"


def reference_markdown() -> str:
    """A table per concern; those of tests stand apart, at the end."""
    lines: list[str] = []
    for concern in CONCERNS:
        title = (concern.__doc__ or "").strip().removesuffix(".")
        lines += [f"## {title}", f"After a change: {APPLIED[concern.__name__]}.", "", HEAD]
        lines += [_row(*one) for one in concern.model_fields.items() if one[0] not in TESTS_ONLY]
        lines.append("")
    lines += ["## For tests and drills, never for a lake that matters", HEAD]
    lines += [
        _row(*one)
        for concern in CONCERNS
        for one in concern.model_fields.items()
        if one[0] in TESTS_ONLY
    ]
    return "\n".join(lines)


def _row(name: str, field: Any) -> str:  # noqa: ANN401 - pydantic's FieldInfo
    meaning = "; ".join([field.description or "", *_limits(field.metadata, field)])
    example = example_of(name, is_secret=field.annotation is SecretStr)
    return f"| `{PREFIX}{name.upper()}` | {_default(name, field)} | `{example}` | {meaning} |"


def _default(name: str, field: Any) -> str:  # noqa: ANN401 - pydantic's FieldInfo
    shown = _SHOWN_DEFAULTS.get(name, field.default)
    is_empty = shown is None or str(shown) == ""
    return "(empty)" if is_empty else f"`{shown}`"


def _limits(metadata: list[Any], field: Any) -> Iterator[str]:  # noqa: ANN401
    words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    for limit in metadata:
        for attribute, word in words.items():
            value = getattr(limit, attribute, None)
            if value is not None:
                yield f"{word} {value:g}"
    choices = (
        re.findall(r"'([^']+)'", str(field.annotation))
        if "Literal" in str(field.annotation)
        else []
    )
    if choices:
        yield "one of " + ", ".join(choices)
