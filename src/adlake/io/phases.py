"""Wall time by phase, for logs; never part of a result."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


class Phases:
    """Seconds per named phase, in the order they ran; phases of one name add up."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Measure the block, also when it fails."""
        started = time.monotonic()
        try:
            yield
        finally:
            spent = time.monotonic() - started
            self.seconds[name] = self.seconds.get(name, 0.0) + spent


def shown(seconds: Mapping[str, float], digits: int = 2) -> str:
    """`append 0.51 s, merge 0.84 s`."""
    return ", ".join(f"{name} {value:.{digits}f} s" for name, value in seconds.items())
