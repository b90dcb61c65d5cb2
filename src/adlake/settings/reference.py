"""The list of all settings, for `adlake settings` and docs/settings.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from adlake.settings import CONCERNS, PREFIX

# Defaults that depend on the machine are shown as what they mean.
_SHOWN_DEFAULTS = {"home": ".runtime", "cache": "${XDG_CACHE_HOME:-~/.cache}/adlake"}


def reference_markdown() -> str:
    """One table per concern: name, default, meaning and limits. Ends with a newline."""
    lines = [
        "# Settings",
        "Environment variables, or lines of `.env` in the checkout. An unknown `ADLAKE_` name is",
        "refused with the nearest known one. This page is generated: `make docs`.",
    ]
    for concern in CONCERNS:
        title = (concern.__doc__ or "").strip().removesuffix(".")
        lines += ["", f"## {title}", "| setting | default | meaning |", "| --- | --- | --- |"]
        for name, field in concern.model_fields.items():
            meaning = "; ".join([field.description or "", *_limits(field.metadata, field)])
            lines.append(f"| `{PREFIX}{name.upper()}` | {_default(name, field)} | {meaning} |")
    return "\n".join(lines) + "\n"


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
