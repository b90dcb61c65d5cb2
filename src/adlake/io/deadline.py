"""How long a command may still take, for the requests it makes of a broker."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

LEAST_SECONDS = 1.0
"""What a request gets after the deadline too: else no answer could name what is missing."""


@dataclass(frozen=True)
class Deadline:
    """`seconds` from now on; infinite: no deadline."""

    seconds: float
    began: float = field(default_factory=time.monotonic)

    @property
    def elapsed(self) -> float:
        """Seconds since it was set."""
        return time.monotonic() - self.began

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return self.elapsed > self.seconds

    @property
    def is_endless(self) -> bool:
        """There is none."""
        return math.isinf(self.seconds)

    def patience_ms(self, most_seconds: float) -> int:
        """Milliseconds that one more request may take: what is left, `most_seconds` at most."""
        left = max(self.seconds - self.elapsed, LEAST_SECONDS)
        return int(min(most_seconds, left) * 1_000)


NO_DEADLINE = Deadline(math.inf)
