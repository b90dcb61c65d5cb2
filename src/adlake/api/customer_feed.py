"""Feeds the customers at hand: once from the lake, then from their topic, in a thread of its own.

Where the topic ends is asked before the lake is read, so nothing falls between the two. A record of
before that read may tell an older row once more, until the newer one comes: a second or two.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from adlake.api.customer_cache import CustomerCache
from adlake.api.parts import Rows
from adlake.api.pending import Pending
from adlake.contracts.errors import AdlakeError
from adlake.io.kafka.followed import Poll

log = logging.getLogger(__name__)
POLL_SECONDS: Final = 1.0
AGAIN_SECONDS: Final = 5.0
"""After a look at which somebody was away."""
JOIN_SECONDS: Final = 3.0


@dataclass
class CustomerFeed:
    """One thread; it never ends the process."""

    cache: CustomerCache
    pending: Pending
    follow: Callable[[dict[int, int]], AbstractContextManager[Poll]]
    """Takes the positions to go on at."""
    rows: Callable[[], Rows]
    """The customers of the lake, as many as there is room for. Raises AdlakeError."""
    now_ms: Callable[[], int]
    begins_empty: bool = False
    """Nothing is read of the lake: known is who changes from now on."""
    _positions: dict[int, int] = field(default_factory=dict)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _trouble: str = ""
    """As it was told last: one outage is told once."""

    def start(self) -> None:
        """Begin to read."""
        self._thread = threading.Thread(target=self._run, name="customers", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(JOIN_SECONDS)

    def feed(self) -> None:
        """Until it is told to stop, or somebody is away; then it goes on where it was.

        Raises:
            AdlakeError: of the broker or of Trino.
        """
        with self.follow(self._positions) as poll:
            self._fill()
            self._say("")
            while not self._stopping.is_set():
                for key, value in poll(POLL_SECONDS):
                    self._take(key, value)
                self.pending.sweep(self.now_ms())

    def _fill(self) -> None:
        if not (self.cache.is_warm or self.begins_empty):
            rows = self.rows()
            self.cache.is_whole = len(rows) < self.cache.most
            # The first one last: it is the last to make room.
            for row in reversed(rows):
                self.cache.fill(row)
        self.cache.is_warm = True

    def _take(self, key: bytes | None, value: bytes | None) -> None:
        try:
            user_id = (key or b"").decode()
            told = self.cache.take(user_id, value)
        except ValueError:
            self._say("a record on the topic of customers tells none")
            return
        if told is not None and len(self.pending):
            self.pending.seen(user_id, milliseconds(told))

    def _say(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            log.warning("customers at hand: %s", trouble)
        elif self._trouble and not trouble:
            log.warning("customers at hand: going on")
        self._trouble = trouble

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.feed()
            except AdlakeError as error:
                self._say(str(error))
            except Exception as error:
                # A bug here must not end the API: without the cache it asks the lake.
                self._say(f"unexpected {type(error).__name__}")
            self._stopping.wait(AGAIN_SECONDS)


def milliseconds(moment: datetime) -> int:
    """Epoch ms, exactly."""
    return int(moment.timestamp()) * 1_000 + moment.microsecond // 1_000
