"""Events of customers that were posted here and that the broker has: until the lake shows them.

An event is told beside its customer's row while the row's newest arrival is older than the event's
time at the broker. One key is one partition, so a row that is as new has all that came before it:
nothing is counted twice. What is told is a view of memory, never a count of its own.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

MOST_MS: Final = 600_000
"""An event that the lake does not show by then is told no longer, and counted."""
MOST_EVENTS: Final = 10_000
MOST_BYTES: Final = 8 * 1024 * 1024
"""Of events as they were published; beyond the oldest one leaves."""


@dataclass
class PostedEvent:
    """One event; `at_ms` is its record's time at the broker."""

    event_id: str
    event_type: str
    user_id: str
    at_ms: int
    event: dict[str, Any]
    size: int = 0
    was_seen: bool = False
    """Some row was as new."""


@dataclass
class Pending:
    """Of all customers; for several threads."""

    on_overdue: Callable[[], None] = lambda: None
    """Called for each event that leaves without having been seen in the lake."""
    overdue: int = 0
    """How many did."""
    most_events: int = MOST_EVENTS
    most_bytes: int = MOST_BYTES
    _events: OrderedDict[str, PostedEvent] = field(default_factory=OrderedDict)
    """By event_id, the oldest first."""
    _bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, event: PostedEvent) -> None:
        """Tell it from now on; a repeat of one that is told changes nothing."""
        with self._lock:
            if event.event_id in self._events:
                return
            self._events[event.event_id] = event
            self._bytes += event.size
            while len(self._events) > self.most_events or self._bytes > self.most_bytes:
                self._forget(next(iter(self._events)))

    def of(self, user_id: str, row_ms: int | None, now_ms: int) -> list[PostedEvent]:
        """What is to be told beside a row of this age (None: there is no row), oldest first."""
        with self._lock:
            self._leave(now_ms)
            own = [one for one in self._events.values() if one.user_id == user_id]
            return [one for one in own if not self._is_in(one, row_ms)]

    def has(self, user_id: str) -> bool:
        """Whether something may be told of a customer."""
        with self._lock:
            return any(one.user_id == user_id for one in self._events.values())

    def seen(self, user_id: str, row_ms: int) -> None:
        """A row of this age is what every later answer is made of: what it has may go."""
        with self._lock:
            own = [one for one in self._events.values() if one.user_id == user_id]
            for one in own:
                if self._is_in(one, row_ms):
                    self._forget(one.event_id)

    def sweep(self, now_ms: int) -> None:
        """Let go what has waited for too long."""
        with self._lock:
            self._leave(now_ms)

    def __len__(self) -> int:
        """Events that some row has not been seen to have."""
        with self._lock:
            return sum(not one.was_seen for one in self._events.values())

    def _is_in(self, one: PostedEvent, row_ms: int | None) -> bool:
        is_in = row_ms is not None and row_ms >= one.at_ms
        one.was_seen = one.was_seen or is_in
        return is_in

    def _leave(self, now_ms: int) -> None:
        old = [one for one in self._events.values() if now_ms - one.at_ms >= MOST_MS]
        for one in old:
            self._forget(one.event_id)
            if not one.was_seen:
                self.overdue += 1
                self.on_overdue()

    def _forget(self, event_id: str) -> None:
        self._bytes -= self._events.pop(event_id).size
