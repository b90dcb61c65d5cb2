"""Which table's leftover files are looked for next: one table a time, each once a day."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from adlake.contracts.registry import TableSpec

EVERY_SECONDS: Final = 86_400.0


class LeftoverSweep:
    """Takes turns among the tables; a new run begins with the first one again."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._swept: dict[str, float] = {}

    def next_table(self, specs: Sequence[TableSpec]) -> str | None:
        """The table that has waited longest, from now on counted as swept; None: none is due."""
        now = self._monotonic()
        names = [spec.name for spec in specs if spec.expires]
        due = [one for one in names if now - self._swept.get(one, -EVERY_SECONDS) >= EVERY_SECONDS]
        if not due:
            return None
        chosen = min(due, key=lambda one: self._swept.get(one, float("-inf")))
        self._swept[chosen] = now
        return chosen
