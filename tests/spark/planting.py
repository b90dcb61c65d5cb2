"""Wrong variants of a production module: its own text with one edit, compiled beside it."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType


def planted(module: ModuleType, right: str, wrong: str) -> ModuleType:
    """The module with `right` replaced by `wrong` wherever it stands.

    Raises:
        ValueError: the text is not there, so the code has changed and the plant must follow.
    """
    source = Path(str(module.__file__)).read_text("utf-8")
    if right not in source:
        raise ValueError(f"{module.__name__} has no {right!r}")
    broken = ModuleType(f"planted_{module.__name__.rsplit('.', 1)[-1]}")
    exec(compile(source.replace(right, wrong), str(module.__file__), "exec"), broken.__dict__)  # noqa: S102
    return broken
