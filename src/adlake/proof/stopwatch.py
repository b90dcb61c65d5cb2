"""What each part of a proof took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Runs from its making on; parts of one name add up."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.seconds_by_part: dict[str, float] = {}

    @property
    def seconds(self) -> float:
        """Since its making."""
        return time.monotonic() - self._began

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """The time of this block is that part's."""
        began = time.monotonic()
        try:
            yield
        finally:
            spent = time.monotonic() - began
            self.seconds_by_part[name] = self.seconds_by_part.get(name, 0.0) + spent
