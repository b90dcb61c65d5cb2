"""One named bug and the test that must catch it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """One bug: `old` is replaced by `new` in `file`; `test` (a file, or one test) must fail."""

    name: str
    file: str
    old: str
    new: str
    test: str
