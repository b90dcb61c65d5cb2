"""Wall time by phase, for logs; never part of a result."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


class Phases:
    """Seconds per named phase, in the order they ran."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Measure the block, also when it fails."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = time.monotonic() - started


def shown(seconds: Mapping[str, float]) -> str:
    """`append 0.51 s, merge 0.84 s`."""
    return ", ".join(f"{name} {value:.2f} s" for name, value in seconds.items())
