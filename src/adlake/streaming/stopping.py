"""SIGTERM and Ctrl-C as a flag that a loop reads."""

from __future__ import annotations

import signal


class StopSignals:
    """True once SIGTERM or SIGINT came.

    `listen` may be called again: Spark puts a handler of its own in the place of ours when it
    starts. A plain attribute, because a lock taken inside a signal handler can wait for ever.
    """

    def __init__(self) -> None:
        self.came = False

    def listen(self) -> None:
        """Take the two signals of this process (main thread only)."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._take)

    def _take(self, *_: object) -> None:
        self.came = True
