"""How old a commit is, when the clock that stamped it may have been set since.

A clock set ahead by hours would make every snapshot old at once, and expiry would take files from
under queries that pinned them. So a commit counts as old only when a clock that nobody sets has
seen that much time pass since.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable


class SnapshotAges:
    """Remembers when, on the monotonic clock, the wall clock showed what.

    `last_commit_ms` is the time of the newest commit at the start of the run: how long ago that
    was nobody knows, so it counts as just made.
    """

    def __init__(
        self, last_commit_ms: int, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._monotonic = monotonic
        self._began, self._last_commit_ms = monotonic(), last_commit_ms
        self._seen: deque[tuple[float, int]] = deque()

    def saw(self, now_ms: int) -> None:
        """Note the wall clock, once a batch: commits made so far bear no later time."""
        self._seen.append((self._monotonic(), now_ms))

    def limit_ms(self, seconds: float) -> int:
        """Commits stamped before this are at least so old, however the clock was set."""
        now = self._monotonic()
        while len(self._seen) > 1 and now - self._seen[1][0] >= seconds:
            self._seen.popleft()
        earlier = self._last_commit_ms - int(max(0.0, seconds - (now - self._began)) * 1000)
        if self._seen and now - self._seen[0][0] >= seconds:
            return max(earlier, self._seen[0][1])
        return earlier
